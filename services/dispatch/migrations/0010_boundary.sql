-- Cells may have an outline, by which coordinates find them (docs/adr/0032). depends: 0001_directory

ALTER TABLE cell ADD boundary text, ADD datum text NOT NULL DEFAULT 'wgs84' CHECK (datum IN ('wgs84', 'gcj02'));
COMMENT ON COLUMN cell.boundary IS 'POLYGON or MULTIPOLYGON as WKT, in degrees (longitude, latitude) of `datum`';
