import { findOrCreateGroup, findOrCreateUser } from './find-or-create.js';
import type { OrmTemplates } from './orm-templates.interface.js';

const ENTITIES = `import { Column, Entity, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

@Entity('users')
export class User {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  /** Where mail goes. Not unique, and no proof of anything: see the guide. */
  @Column({ type: 'varchar', length: 255, nullable: true })
  email!: string | null;
}

/** Which person of which marketplace somebody is. The key decides between two first logins at once. */
@Entity('user_links')
export class UserLink {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  marketplace!: string;

  @PrimaryColumn({ type: 'varchar', length: 255 })
  uid!: string;

  @Column({ type: 'uuid', name: 'user_id' })
  userId!: string;
}

@Entity('companies')
export class Company {
  @PrimaryGeneratedColumn('uuid')
  id!: string;

  @Column({ type: 'varchar', length: 255 })
  name!: string;

  @Column({ type: Date, name: 'closed_at', nullable: true })
  closedAt!: Date | null;
}

@Entity('company_links')
export class CompanyLink {
  @PrimaryColumn({ type: 'varchar', length: 64 })
  marketplace!: string;

  @PrimaryColumn({ type: 'varchar', length: 255 })
  uid!: string;

  @Column({ type: 'uuid', name: 'company_id' })
  companyId!: string;
}

@Entity('memberships')
export class Membership {
  @PrimaryColumn({ type: 'uuid', name: 'company_id' })
  companyId!: string;

  @PrimaryColumn({ type: 'uuid', name: 'user_id' })
  userId!: string;

  @Column({ type: 'varchar', length: 64 })
  role!: string;
}
`;

const USER_ADAPTER = `import { Injectable } from '@nestjs/common';
import { MaestranoUserAdapter, type UserProfile } from 'nestjs-maestrano';
import { DataSource } from 'typeorm';
import { User, UserLink } from './accounts.entities{suffix}';

export type AppUser = User;

@Injectable()
export class UserAdapter extends MaestranoUserAdapter<User> {
  constructor(private readonly source: DataSource) {
    super();
  }

${findOrCreateUser('User')}

  private async find({ marketplace, uid }: UserProfile): Promise<User | null> {
    const link = await this.source.manager.findOneBy(UserLink, { marketplace, uid });
    return link && this.source.manager.findOneBy(User, { id: link.userId });
  }

  private create({ marketplace, uid, email, firstName, lastName }: UserProfile): Promise<User> {
    const name = [firstName, lastName].filter(Boolean).join(' ') || uid;
    return this.source.transaction(async (manager) => {
      const user = await manager.save(manager.create(User, { name, email }));
      await manager.insert(UserLink, { marketplace, uid, userId: user.id });
      return user;
    });
  }
}
`;

const GROUP_ADAPTER = `import { Injectable } from '@nestjs/common';
import {
  type GroupProfile,
  type GroupReference,
  MaestranoGroupAdapter,
  type MembershipProfile,
  type MembershipReference,
} from 'nestjs-maestrano';
import { DataSource } from 'typeorm';
import { Company, CompanyLink, Membership, type User, UserLink } from './accounts.entities{suffix}';

export type AppGroup = Company;

@Injectable()
export class GroupAdapter extends MaestranoGroupAdapter<Company, User> {
  constructor(private readonly source: DataSource) {
    super();
  }

${findOrCreateGroup('Company')}

  override hasMember(company: Company, user: User): Promise<boolean> {
    return this.source.manager.existsBy(Membership, { companyId: company.id, userId: user.id });
  }

  override async addMember(company: Company, user: User, { role }: MembershipProfile): Promise<void> {
    const membership = { companyId: company.id, userId: user.id, role };
    await this.source.manager.upsert(Membership, membership, ['companyId', 'userId']);
  }

  override updateMember(company: Company, user: User, membership: MembershipProfile): Promise<void> {
    return this.addMember(company, user, membership);
  }

  /** Also for somebody who is no member any more: the platform may repeat itself. */
  override async removeMember({ marketplace, groupUid, userUid }: MembershipReference): Promise<void> {
    const company = await this.find(marketplace, groupUid);
    const link = await this.source.manager.findOneBy(UserLink, { marketplace, uid: userUid });
    if (!company || !link) return;
    await this.source.manager.delete(Membership, { companyId: company.id, userId: link.userId });
  }

  /** The company cancelled: nobody is let in any more, and what the law wants kept stays. */
  override async deleteGroup({ marketplace, groupUid }: GroupReference): Promise<void> {
    const company = await this.find(marketplace, groupUid);
    if (!company) return;
    await this.source.transaction(async (manager) => {
      await manager.update(Company, { id: company.id }, { closedAt: new Date() });
      await manager.delete(Membership, { companyId: company.id });
      await manager.delete(CompanyLink, { companyId: company.id });
    });
  }

  private async find(marketplace: string, uid: string): Promise<Company | null> {
    const link = await this.source.manager.findOneBy(CompanyLink, { marketplace, uid });
    return link && this.source.manager.findOneBy(Company, { id: link.companyId });
  }

  private create({ marketplace, uid, name }: GroupProfile): Promise<Company> {
    return this.source.transaction(async (manager) => {
      const company = await manager.save(manager.create(Company, { name: name ?? uid }));
      await manager.insert(CompanyLink, { marketplace, uid, companyId: company.id });
      return company;
    });
  }
}
`;

/** `typeorm` 1, with the `DataSource` that `@nestjs/typeorm` provides. */
export const TYPEORM: OrmTemplates = {
  files: {
    'accounts.entities.ts': ENTITIES,
    'user.adapter.ts': USER_ADAPTER,
    'group.adapter.ts': GROUP_ADAPTER,
  },
  imports: "import { DataSource } from 'typeorm';\n",
  inject: 'DataSource',
  parameter: 'source: DataSource',
  executor: "typeormExecutor(source, 'postgres')",
  advice: {
    reason: 'TypeORM has to know the entities, and the tables are made by your migrations.',
    lines: [
      'entities: [User, UserLink, Company, CompanyLink, Membership], // of ./maestrano/accounts.entities',
      '// npx nestjs-maestrano db print --dialect postgres has the tables of the store',
    ],
  },
};
