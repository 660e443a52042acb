DROP INDEX history_corrected;
