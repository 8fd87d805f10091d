import { sqlMigrationText } from 'nestjs-maestrano/sql';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The application's own tables. */
export class Tables1764000000000 implements MigrationInterface {
  readonly name = 'Tables1764000000000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table users (id uuid primary key default gen_random_uuid(), name text not null, email text,
        login_email text unique, password_hash text);
      create table user_links (marketplace text not null, uid text not null, user_id uuid not null references users,
        primary key (marketplace, uid));
      create table companies (id uuid primary key default gen_random_uuid(), name text not null, closed_at timestamptz);
      create table company_links (marketplace text not null, uid text not null,
        company_id uuid not null references companies, primary key (marketplace, uid));
      create table memberships (company_id uuid not null references companies, user_id uuid not null references users,
        role text not null, primary key (company_id, user_id));
      create table customers (company_id uuid not null references companies, connec_id text not null, name text not null,
        primary key (company_id, connec_id));
      create table hours (id uuid primary key default gen_random_uuid(), company_id uuid not null references companies,
        user_id uuid not null references users, day date not null, customer text not null,
        minutes integer not null check (minutes between 1 and 1440), billed_at timestamptz,
        unique (company_id, user_id, day, customer));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop table hours, customers, memberships, company_links, companies, user_links, users',
    );
  }
}

/** Those of nestjs-maestrano, as `npx nestjs-maestrano db print --dialect postgres` prints them. */
export class Maestrano1764000000001 implements MigrationInterface {
  readonly name = 'Maestrano1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(sqlMigrationText('postgres'));
  }

  async down(): Promise<void> {
    // What was charged must not be forgotten.
  }
}

/** Messages to customers. */
export class TextMessages1764000000002 implements MigrationInterface {
  readonly name = 'TextMessages1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table text_messages (id uuid primary key default gen_random_uuid(), company_id uuid not null references companies,
        customer text not null, text text not null check (length(text) between 1 and 160), sent_at timestamptz not null)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table text_messages');
  }
}

export const MIGRATIONS = [Tables1764000000000, Maestrano1764000000001, TextMessages1764000000002];
