ALTER TABLE tally
    DROP contact_0, DROP contact_1, DROP contact_2, DROP contact_3, DROP contact_4, DROP contact_5,
    DROP contact_6, DROP contact_7, DROP contact_8, DROP contact_9, DROP contact_10, DROP contact_11,
    DROP contact_12, DROP contact_13, DROP contact_14, DROP contact_15, DROP contact_16, DROP contact_17,
    DROP contact_18, DROP contact_19, DROP contact_20, DROP contact_21, DROP handling_0, DROP handling_1,
    DROP handling_2, DROP handling_3, DROP handling_4, DROP handling_5, DROP handling_6, DROP handling_7,
    DROP handling_8, DROP handling_9, DROP handling_10, DROP handling_11, DROP handling_12, DROP handling_13,
    DROP handling_14, DROP handling_15, DROP handling_16, DROP handling_17, DROP handling_18, DROP handling_19,
    DROP handling_20, DROP handling_21;
ALTER TABLE casefile DROP handled_at, DROP contacted_at;
