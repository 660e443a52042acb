#!/bin/sh
# The command fengge inside the image.
exec python -m cli.main "$@"
