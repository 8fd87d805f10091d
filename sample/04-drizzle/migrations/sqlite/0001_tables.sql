create table if not exists users (id text primary key, name text not null, email text, created_at integer not null);
create table if not exists user_links (marketplace text not null, uid text not null, user_id text not null references users (id), primary key (marketplace, uid));
create table if not exists companies (id text primary key, name text not null, created_at integer not null, closed_at integer);
create table if not exists company_links (marketplace text not null, uid text not null, company_id text not null references companies (id), primary key (marketplace, uid));
create table if not exists memberships (company_id text not null references companies (id), user_id text not null references users (id), role text not null, primary key (company_id, user_id));
create table if not exists bookings (id text primary key, company_id text not null references companies (id), user_id text not null references users (id), day text not null, desk integer not null, billed_at integer, unique (company_id, day, desk));
