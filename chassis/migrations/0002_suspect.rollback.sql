DROP TABLE suspect;
