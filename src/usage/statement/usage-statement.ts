import type { StatementStatus } from '../store/usage-records.js';

/** A row of a line's computation: quantity times unit plus flat is the amount. Decimal texts. */
export interface UsageStatementStep {
  readonly quantity: string;
  readonly unit: string;
  readonly flat: string;
  readonly amount: string;
}

/** A line of a statement. All numbers are decimal texts, amounts in the currency's main unit. */
export interface UsageStatementLine {
  /**
   * - `usage`, `free` (within a trial), `minimum` and `cap`: of the regular period
   * - `correction`: what an earlier period costs now, less what was stated of it
   * - `transfer`, `writeOff`: by hand, or what is left at the very end and too little to be billed
   */
  readonly kind: 'usage' | 'free' | 'minimum' | 'cap' | 'correction' | 'transfer' | 'writeOff';
  /** Number of the period; null when it is about none. */
  readonly period: number | null;
  /** ISO 8601, UTC. */
  readonly from: string;
  readonly to: string;
  readonly quantity: string;
  /** The part of the period's time that its price held, where it matters. */
  readonly share: string | null;
  readonly steps: readonly UsageStatementStep[];
  readonly amount: string;
  /** Of a correction: how many facts came after the period was stated. */
  readonly lateFacts?: number;
}

/** What a bill says, as it is sent. */
export interface UsageBillPayload {
  readonly groupId: string;
  readonly currency: string;
  readonly units: string | null;
  readonly periodStartedAt: string;
  readonly periodEndedAt: string;
  readonly thirdParty: boolean;
}

/** The immutable part of a statement: what was sealed. */
export interface SealedStatement {
  readonly format: 1;
  /** Id of the chain. */
  readonly chain: string;
  /** Its number within the chain, from 1. */
  readonly seq: number;
  readonly company: { readonly marketplace: string; readonly group: string; readonly name: string | null };
  readonly meter: { readonly name: string; readonly label: string; readonly unitLabel: string | null };
  readonly zone: string;
  readonly currency: string;
  /** The regular period, or the earliest one that is corrected; null for what is only about money. */
  readonly period: {
    readonly from: string;
    readonly to: string;
    /** Local dates, both inclusive. */
    readonly localFrom: string;
    readonly localTo: string;
  } | null;
  /** Whether it states a period for the first time. */
  readonly regular: boolean;
  readonly opening: string;
  readonly lines: readonly UsageStatementLine[];
  /** Opening and lines. */
  readonly total: string;
  readonly billed: string;
  /** What is carried on. */
  readonly closing: string;
  /** Numbers of statements whose bills were taken back, and whose amounts are in the opening. */
  readonly returned: readonly number[];
  readonly payload: UsageBillPayload | null;
  /** Facts that it states, corrections included. */
  readonly facts: { readonly count: number; readonly digest: string };
  readonly previousDigest: string;
  readonly sealedAt: string;
}

/** A statement, with where it is on its way to a bill. */
export interface UsageStatement extends SealedStatement {
  /** `open` of a preview. */
  readonly status: StatementStatus | 'open';
  readonly bills: readonly {
    /** Null before it is made. */
    readonly id: string | null;
    readonly priceCents: number;
    readonly key: string;
    readonly description: string;
  }[];
  /** Why it waits; null when it does not. */
  readonly held: 'card' | 'large' | 'company' | null;
  /** Code of the last error on the way; null when there was none. */
  readonly error: string | null;
  /** Messages of the marketplace by field, where it refused the bill; empty else. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** Why a person wrote it off; null where nobody did. */
  readonly reason: string | null;
  /** When it came into its state, ISO 8601. */
  readonly since: string;
  /** SHA-256 over the one before and everything that was sealed; empty of a preview. */
  readonly digest: string;
}
