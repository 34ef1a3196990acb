// What a ticket needs of its row.

export const COLUMN_FIELDS = ['id', 'subject', 'body', 'account_tier'] as const;
export type ColumnField = (typeof COLUMN_FIELDS)[number];
