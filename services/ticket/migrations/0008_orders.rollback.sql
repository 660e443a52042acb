UPDATE policy SET value = value #- '{by_source,urn:fengge:standing-orders}' WHERE name = 'handling';
DELETE FROM policy WHERE name = 'visits';
DROP TABLE visit, standing_order;
