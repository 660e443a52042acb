"""What a template may say: text, blanks like `{number}`, `{% if %}` and a few filters of Jinja2, no more."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from jinja2 import StrictUndefined, TemplateError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

Fill = Callable[[Mapping[str, str]], str]
"""The text with its blanks filled; raises KeyError or jinja2's UndefinedError for one that nobody fills."""

FILTERS = ("capitalize", "lower", "title", "trim", "upper")
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Filter, nodes.If,
    nodes.CondExpr, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not,
)  # fmt: skip
"""No loop, call, attribute or arithmetic: a message is written while others wait for theirs."""


class BadWording(Exception):
    """The text is no template of ours; says why."""


def _environment() -> SandboxedEnvironment:
    environment = SandboxedEnvironment(
        variable_start_string="{", variable_end_string="}", undefined=StrictUndefined, autoescape=False,
        keep_trailing_newline=True, trim_blocks=True,
    )  # fmt: skip
    environment.filters = {name: environment.filters[name] for name in FILTERS}
    environment.globals = {}
    return environment


ENVIRONMENT = _environment()


@lru_cache(maxsize=1024)
def compiled(text: str) -> Fill:
    """What fills the blanks of `text`; raises BadWording.

    Where there is nothing but text and blanks, Python's own format does it ten times as fast.
    """
    pieces = [piece for statement in _tree(text).body for piece in _pieces(statement)]
    if None not in pieces:
        return "".join(filter(None, pieces)).format_map
    try:
        return ENVIRONMENT.from_string(text).render
    except TemplateError as error:
        raise BadWording(str(error)) from error


def blanks(text: str) -> set[str]:
    """The names of all blanks in `text`; raises BadWording."""
    try:
        return set(meta.find_undeclared_variables(_tree(text)))
    except TemplateError as error:
        raise BadWording(str(error)) from error


def _tree(text: str) -> nodes.Template:
    try:
        tree = ENVIRONMENT.parse(text)
    except TemplateError as error:
        raise BadWording(str(error)) from error
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, ALLOWED):
            raise BadWording(f"line {node.lineno}: {type(node).__name__} has no place in a message")
        if isinstance(node, nodes.Filter) and (node.args or node.kwargs):
            raise BadWording(f"line {node.lineno}: the filter {node.name} takes nothing here")
    return tree


def _pieces(statement: nodes.Node) -> Iterator[str | None]:
    """A statement as Python's format writes it, piece by piece; None for what that cannot say."""
    for node in statement.nodes if isinstance(statement, nodes.Output) else [statement]:
        if isinstance(node, nodes.TemplateData):
            yield node.data.replace("{", "{{").replace("}", "}}")
        else:
            yield f"{{{node.name}}}" if isinstance(node, nodes.Name) else None
