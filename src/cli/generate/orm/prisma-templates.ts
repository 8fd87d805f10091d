import { findOrCreateGroup, findOrCreateUser } from './find-or-create.js';
import type { OrmTemplates } from './orm-templates.interface.js';

const MODELS = `// Copy these models into your schema.prisma. Where you have users and companies already, add the links to them.

model User {
  id          String       @id @default(dbgenerated("gen_random_uuid()")) @db.Uuid
  name        String
  /// Where mail goes. Not unique, and no proof of anything: see the guide.
  email       String?
  links       UserLink[]
  memberships Membership[]

  @@map("users")
}

/// Which person of which marketplace somebody is. The key decides between two first logins at once.
model UserLink {
  marketplace String
  uid         String
  userId      String @map("user_id") @db.Uuid
  user        User   @relation(fields: [userId], references: [id])

  @@id([marketplace, uid])
  @@map("user_links")
}

model Company {
  id          String        @id @default(dbgenerated("gen_random_uuid()")) @db.Uuid
  name        String
  closedAt    DateTime?     @map("closed_at") @db.Timestamptz
  links       CompanyLink[]
  memberships Membership[]

  @@map("companies")
}

model CompanyLink {
  marketplace String
  uid         String
  companyId   String  @map("company_id") @db.Uuid
  company     Company @relation(fields: [companyId], references: [id])

  @@id([marketplace, uid])
  @@map("company_links")
}

model Membership {
  companyId String  @map("company_id") @db.Uuid
  userId    String  @map("user_id") @db.Uuid
  role      String
  company   Company @relation(fields: [companyId], references: [id])
  user      User    @relation(fields: [userId], references: [id])

  @@id([companyId, userId])
  @@map("memberships")
}
`;

const USER_ADAPTER = `import { Injectable } from '@nestjs/common';
import { MaestranoUserAdapter, type UserProfile } from 'nestjs-maestrano';
import { PrismaService } from '../prisma/prisma.service{suffix}';

export type AppUser = Awaited<ReturnType<PrismaService['user']['findUniqueOrThrow']>>;

@Injectable()
export class UserAdapter extends MaestranoUserAdapter<AppUser> {
  constructor(private readonly prisma: PrismaService) {
    super();
  }

${findOrCreateUser('AppUser')}

  private async find({ marketplace, uid }: UserProfile): Promise<AppUser | null> {
    const where = { marketplace_uid: { marketplace, uid } };
    const link = await this.prisma.userLink.findUnique({ where, include: { user: true } });
    return link?.user ?? null;
  }

  /** A nested write is one transaction: the user is not there without the link. */
  private create({ marketplace, uid, email, firstName, lastName }: UserProfile): Promise<AppUser> {
    const name = [firstName, lastName].filter(Boolean).join(' ') || uid;
    return this.prisma.user.create({ data: { name, email, links: { create: { marketplace, uid } } } });
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
import { PrismaService } from '../prisma/prisma.service{suffix}';
import type { AppUser } from './user.adapter{suffix}';

export type AppGroup = Awaited<ReturnType<PrismaService['company']['findUniqueOrThrow']>>;

@Injectable()
export class GroupAdapter extends MaestranoGroupAdapter<AppGroup, AppUser> {
  constructor(private readonly prisma: PrismaService) {
    super();
  }

${findOrCreateGroup('AppGroup')}

  override async hasMember(company: AppGroup, user: AppUser): Promise<boolean> {
    const where = { companyId: company.id, userId: user.id };
    return (await this.prisma.membership.count({ where })) > 0;
  }

  override async addMember(company: AppGroup, user: AppUser, { role }: MembershipProfile): Promise<void> {
    const key = { companyId: company.id, userId: user.id };
    await this.prisma.membership.upsert({
      where: { companyId_userId: key },
      create: { ...key, role },
      update: { role },
    });
  }

  override updateMember(company: AppGroup, user: AppUser, membership: MembershipProfile): Promise<void> {
    return this.addMember(company, user, membership);
  }

  /** Also for somebody who is no member any more: the platform may repeat itself. */
  override async removeMember({ marketplace, groupUid, userUid }: MembershipReference): Promise<void> {
    await this.prisma.membership.deleteMany({
      where: {
        company: { links: { some: { marketplace, uid: groupUid } } },
        user: { links: { some: { marketplace, uid: userUid } } },
      },
    });
  }

  /** The company cancelled: nobody is let in any more, and what the law wants kept stays. */
  override async deleteGroup({ marketplace, groupUid }: GroupReference): Promise<void> {
    const company = await this.find(marketplace, groupUid);
    if (!company) return;
    const { id } = company;
    await this.prisma.$transaction([
      this.prisma.company.update({ where: { id }, data: { closedAt: new Date() } }),
      this.prisma.membership.deleteMany({ where: { companyId: id } }),
      this.prisma.companyLink.deleteMany({ where: { companyId: id } }),
    ]);
  }

  private async find(marketplace: string, uid: string): Promise<AppGroup | null> {
    const where = { marketplace_uid: { marketplace, uid } };
    const link = await this.prisma.companyLink.findUnique({ where, include: { company: true } });
    return link?.company ?? null;
  }

  private create({ marketplace, uid, name }: GroupProfile): Promise<AppGroup> {
    return this.prisma.company.create({
      data: { name: name ?? uid, links: { create: { marketplace, uid } } },
    });
  }
}
`;

/** Prisma 7, with the `PrismaService` that Nest's recipe has. */
export const PRISMA: OrmTemplates = {
  files: {
    'accounts.prisma': MODELS,
    'user.adapter.ts': USER_ADAPTER,
    'group.adapter.ts': GROUP_ADAPTER,
  },
  imports: "import { PrismaService } from '../prisma/prisma.service{suffix}';\n",
  inject: 'PrismaService',
  parameter: 'prisma: PrismaService',
  executor: "prismaExecutor(prisma, 'postgres')",
  advice: {
    reason: 'Prisma has to know the models, and the adapters ask for its service.',
    lines: [
      '// copy the models of ./maestrano/accounts.prisma into schema.prisma, then npx prisma migrate dev',
      '// src/prisma/prisma.service.ts: export class PrismaService extends PrismaClient, in a @Global() module',
      '// npx nestjs-maestrano db print --dialect postgres has the tables of the store',
    ],
  },
};
