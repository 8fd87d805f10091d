import { bigint, integer, pgTable, primaryKey, text, unique } from 'drizzle-orm/pg-core';

const time = (name: string) => bigint(name, { mode: 'number' });

export const users = pgTable('users', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email'),
  createdAt: time('created_at').notNull(),
});

export const userLinks = pgTable(
  'user_links',
  {
    marketplace: text('marketplace').notNull(),
    uid: text('uid').notNull(),
    userId: text('user_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.marketplace, table.uid] })],
);

export const companies = pgTable('companies', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  createdAt: time('created_at').notNull(),
  closedAt: time('closed_at'),
});

export const companyLinks = pgTable(
  'company_links',
  {
    marketplace: text('marketplace').notNull(),
    uid: text('uid').notNull(),
    companyId: text('company_id').notNull(),
  },
  (table) => [primaryKey({ columns: [table.marketplace, table.uid] })],
);

export const memberships = pgTable(
  'memberships',
  {
    companyId: text('company_id').notNull(),
    userId: text('user_id').notNull(),
    role: text('role').notNull(),
  },
  (table) => [primaryKey({ columns: [table.companyId, table.userId] })],
);

export const bookings = pgTable(
  'bookings',
  {
    id: text('id').primaryKey(),
    companyId: text('company_id').notNull(),
    userId: text('user_id').notNull(),
    day: text('day').notNull(),
    desk: integer('desk').notNull(),
    billedAt: time('billed_at'),
  },
  (table) => [unique().on(table.companyId, table.day, table.desk)],
);
