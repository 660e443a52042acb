-- Corrections of categories are found in the history without reading all of it (docs/adr/0033). depends: 0012_gazetteer

CREATE INDEX history_corrected ON history (ticket) WHERE type = 'cn.fengge.ticket.CategoryCorrected.v1';
