-- Which tickets are urgent: among a million whoever asks for those reads them alone. depends: 0013_corrections

CREATE INDEX ticket_urgent ON ticket (id) WHERE severity IN ('emergency', 'urgent');
