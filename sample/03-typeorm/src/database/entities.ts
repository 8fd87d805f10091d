import { Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn, Unique } from 'typeorm';

@Entity('users')
export class User {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  /** Where mail goes; two people may have the same. */
  @Column('text', { nullable: true })
  email!: string | null;

  /** What the person signs in with here; null for those who only come from a marketplace. */
  @Index({ unique: true })
  @Column('text', { name: 'login_email', nullable: true })
  loginEmail!: string | null;

  @Column('text', { name: 'password_hash', nullable: true })
  passwordHash!: string | null;
}

/** Which person of which marketplace somebody is. The key decides between two first logins at once. */
@Entity('user_links')
export class UserLink {
  @PrimaryColumn('text')
  marketplace!: string;

  @PrimaryColumn('text')
  uid!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;
}

@Entity('companies')
export class Company {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('timestamptz', { name: 'closed_at', nullable: true })
  closedAt!: Date | null;
}

@Entity('company_links')
export class CompanyLink {
  @PrimaryColumn('text')
  marketplace!: string;

  @PrimaryColumn('text')
  uid!: string;

  @Column('uuid', { name: 'company_id' })
  companyId!: string;
}

@Entity('memberships')
export class Membership {
  @PrimaryColumn('uuid', { name: 'company_id' })
  companyId!: string;

  @PrimaryColumn('uuid', { name: 'user_id' })
  userId!: string;

  @Column('text')
  role!: string;
}

/** Somebody to work for, as Connec! tells of them. */
@Entity('customers')
export class Customer {
  @PrimaryColumn('uuid', { name: 'company_id' })
  companyId!: string;

  @PrimaryColumn('text', { name: 'connec_id' })
  connecId!: string;

  @Column('text')
  name!: string;
}

@Entity('hours')
@Unique(['companyId', 'userId', 'day', 'customer'])
export class Hours {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'company_id' })
  companyId!: string;

  @Column('uuid', { name: 'user_id' })
  userId!: string;

  @Column('date')
  day!: string;

  @Column('text')
  customer!: string;

  @Column('integer')
  minutes!: number;

  @Column('timestamptz', { name: 'billed_at', nullable: true })
  billedAt!: Date | null;
}

/** A text message to a customer. Its id names its usage. */
@Entity('text_messages')
export class TextMessage {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'company_id' })
  companyId!: string;

  @Column('text')
  customer!: string;

  @Column('text')
  text!: string;

  @Column('timestamptz', { name: 'sent_at' })
  sentAt!: Date;
}

export const ENTITIES = [User, UserLink, Company, CompanyLink, Membership, Customer, Hours, TextMessage];
