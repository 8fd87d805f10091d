import { integer, primaryKey, sqliteTable, text, unique } from 'drizzle-orm/sqlite-core';

export const users = sqliteTable('users', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email'),
  createdAt: integer('created_at').notNull(),
});

/** Which person of which marketplace somebody is. The key decides between two first logins at once. */
export const userLinks = sqliteTable(
  'user_links',
  {
    marketplace: text('marketplace').notNull(),
    uid: text('uid').notNull(),
    userId: text('user_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.marketplace, table.uid] })],
);

export const companies = sqliteTable('companies', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: integer('created_at').notNull(),
  closedAt: integer('closed_at'),
});

export const companyLinks = sqliteTable(
  'company_links',
  {
    marketplace: text('marketplace').notNull(),
    uid: text('uid').notNull(),
    companyId: text('company_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.marketplace, table.uid] })],
);

export const memberships = sqliteTable(
  'memberships',
  {
    companyId: text('company_id').notNull(),
    userId: text('user_id').notNull(),
    role: text('role').notNull(),
  },
  (table) => [primaryKey({ columns: [table.companyId, table.userId] })],
);

export const bookings = sqliteTable(
  'bookings',
  {
    id: text('id').primaryKey(),
    companyId: text('company_id').notNull(),
    userId: text('user_id').notNull(),
    day: text('day').notNull(),
    desk: integer('desk').notNull(),
    billedAt: integer('billed_at'),
  },
  (table) => [unique().on(table.companyId, table.day, table.desk)],
);
