/**
 * The identity providers' certificates that the official SDKs ship (protocol §1.5): public data, valid until 2033.
 * The private key of A is public too, so it is for tests and sandboxes only.
 */

/** `local`, `test` and the public sandbox. */
export const CERTIFICATE_A = `-----BEGIN CERTIFICATE-----
MIIDezCCAuSgAwIBAgIJAOehBr+YIrhjMA0GCSqGSIb3DQEBBQUAMIGGMQswCQYD
VQQGEwJBVTEMMAoGA1UECBMDTlNXMQ8wDQYDVQQHEwZTeWRuZXkxGjAYBgNVBAoT
EU1hZXN0cmFubyBQdHkgTHRkMRYwFAYDVQQDEw1tYWVzdHJhbm8uY29tMSQwIgYJ
KoZIhvcNAQkBFhVzdXBwb3J0QG1hZXN0cmFuby5jb20wHhcNMTQwMTA0MDUyMjM5
WhcNMzMxMjMwMDUyMjM5WjCBhjELMAkGA1UEBhMCQVUxDDAKBgNVBAgTA05TVzEP
MA0GA1UEBxMGU3lkbmV5MRowGAYDVQQKExFNYWVzdHJhbm8gUHR5IEx0ZDEWMBQG
A1UEAxMNbWFlc3RyYW5vLmNvbTEkMCIGCSqGSIb3DQEJARYVc3VwcG9ydEBtYWVz
dHJhbm8uY29tMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDVkIqo5t5Paflu
P2zbSbzxn29n6HxKnTcsubycLBEs0jkTkdG7seF1LPqnXl8jFM9NGPiBFkiaR15I
5w482IW6mC7s8T2CbZEL3qqQEAzztEPnxQg0twswyIZWNyuHYzf9fw0AnohBhGu2
28EZWaezzT2F333FOVGSsTn1+u6tFwIDAQABo4HuMIHrMB0GA1UdDgQWBBSvrNxo
eHDm9nhKnkdpe0lZjYD1GzCBuwYDVR0jBIGzMIGwgBSvrNxoeHDm9nhKnkdpe0lZ
jYD1G6GBjKSBiTCBhjELMAkGA1UEBhMCQVUxDDAKBgNVBAgTA05TVzEPMA0GA1UE
BxMGU3lkbmV5MRowGAYDVQQKExFNYWVzdHJhbm8gUHR5IEx0ZDEWMBQGA1UEAxMN
bWFlc3RyYW5vLmNvbTEkMCIGCSqGSIb3DQEJARYVc3VwcG9ydEBtYWVzdHJhbm8u
Y29tggkA56EGv5giuGMwDAYDVR0TBAUwAwEB/zANBgkqhkiG9w0BAQUFAAOBgQCc
MPgV0CpumKRMulOeZwdpnyLQI/NTr3VVHhDDxxCzcB0zlZ2xyDACGnIG2cQJJxfc
2GcsFnb0BMw48K6TEhAaV92Q7bt1/TYRvprvhxUNMX2N8PHaYELFG2nWfQ4vqxES
Rkjkjqy+H7vir/MOF3rlFjiv5twAbDKYHXDT7v1YCg==
-----END CERTIFICATE-----
`;

/** `uat` at uat.maestrano.io. */
export const CERTIFICATE_B = `-----BEGIN CERTIFICATE-----
MIIDezCCAuSgAwIBAgIJAMzy+weDPp7qMA0GCSqGSIb3DQEBBQUAMIGGMQswCQYD
VQQGEwJBVTEMMAoGA1UECBMDTlNXMQ8wDQYDVQQHEwZTeWRuZXkxGjAYBgNVBAoT
EU1hZXN0cmFubyBQdHkgTHRkMRYwFAYDVQQDEw1tYWVzdHJhbm8uY29tMSQwIgYJ
KoZIhvcNAQkBFhVzdXBwb3J0QG1hZXN0cmFuby5jb20wHhcNMTQwMTA0MDUyMzE0
WhcNMzMxMjMwMDUyMzE0WjCBhjELMAkGA1UEBhMCQVUxDDAKBgNVBAgTA05TVzEP
MA0GA1UEBxMGU3lkbmV5MRowGAYDVQQKExFNYWVzdHJhbm8gUHR5IEx0ZDEWMBQG
A1UEAxMNbWFlc3RyYW5vLmNvbTEkMCIGCSqGSIb3DQEJARYVc3VwcG9ydEBtYWVz
dHJhbm8uY29tMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC+2uyQeAOc/iro
hCyT33RkkWfTGeJ8E/mu9F5ORWoCZ/h2J+QDuzuc69Rf1LoO4wZVQ8LBeWOqMBYz
otYFUIPlPfIBXDNL/stHkpg28WLDpoJM+46WpTAgp89YKgwdAoYODHiUOcO/uXOO
2i9Ekoa+kxbvBzDJf7uuR/io6GERXwIDAQABo4HuMIHrMB0GA1UdDgQWBBTGRDBT
ie5+fHkB0+SZ5g3WY/D2RTCBuwYDVR0jBIGzMIGwgBTGRDBTie5+fHkB0+SZ5g3W
Y/D2RaGBjKSBiTCBhjELMAkGA1UEBhMCQVUxDDAKBgNVBAgTA05TVzEPMA0GA1UE
BxMGU3lkbmV5MRowGAYDVQQKExFNYWVzdHJhbm8gUHR5IEx0ZDEWMBQGA1UEAxMN
bWFlc3RyYW5vLmNvbTEkMCIGCSqGSIb3DQEJARYVc3VwcG9ydEBtYWVzdHJhbm8u
Y29tggkAzPL7B4M+nuowDAYDVR0TBAUwAwEB/zANBgkqhkiG9w0BAQUFAAOBgQAw
Rxg3rZrML//xbsS3FFXguzXiiNQAvA4KrMWhGh3jVrtzAlN1/okFNy6zuN8gzdKD
Yw2n0c/u3cSpUutIVZOkwQuPCMC1hoP7Ilat6icVewNcHayLBxKgRxpBhr5Sc4av
3HOW5Bi/eyC7IjeBTbTnpziApEC7uUsBou2rlKmTGw==
-----END CERTIFICATE-----
`;

/** `production` at maestrano.com. */
export const CERTIFICATE_C = `-----BEGIN CERTIFICATE-----
MIIDezCCAuSgAwIBAgIJAPFpcH2rW0pyMA0GCSqGSIb3DQEBBQUAMIGGMQswCQYD
VQQGEwJBVTEMMAoGA1UECBMDTlNXMQ8wDQYDVQQHEwZTeWRuZXkxGjAYBgNVBAoT
EU1hZXN0cmFubyBQdHkgTHRkMRYwFAYDVQQDEw1tYWVzdHJhbm8uY29tMSQwIgYJ
KoZIhvcNAQkBFhVzdXBwb3J0QG1hZXN0cmFuby5jb20wHhcNMTQwMTA0MDUyNDEw
WhcNMzMxMjMwMDUyNDEwWjCBhjELMAkGA1UEBhMCQVUxDDAKBgNVBAgTA05TVzEP
MA0GA1UEBxMGU3lkbmV5MRowGAYDVQQKExFNYWVzdHJhbm8gUHR5IEx0ZDEWMBQG
A1UEAxMNbWFlc3RyYW5vLmNvbTEkMCIGCSqGSIb3DQEJARYVc3VwcG9ydEBtYWVz
dHJhbm8uY29tMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQD3feNNn2xfEz5/
QvkBIu2keh9NNhobpre8U4r1qC7h7OeInTldmxGL4cLHw4ZAqKbJVrlFWqNevM5V
ZBkDe4mjuVkK6rYK1ZK7eVk59BicRksVKRmdhXbANk/C5sESUsQv1wLZyrF5Iq8m
a9Oy4oYrIsEF2uHzCouTKM5n+O4DkwIDAQABo4HuMIHrMB0GA1UdDgQWBBSd/X0L
/Pq+ZkHvItMtLnxMCAMdhjCBuwYDVR0jBIGzMIGwgBSd/X0L/Pq+ZkHvItMtLnxM
CAMdhqGBjKSBiTCBhjELMAkGA1UEBhMCQVUxDDAKBgNVBAgTA05TVzEPMA0GA1UE
BxMGU3lkbmV5MRowGAYDVQQKExFNYWVzdHJhbm8gUHR5IEx0ZDEWMBQGA1UEAxMN
bWFlc3RyYW5vLmNvbTEkMCIGCSqGSIb3DQEJARYVc3VwcG9ydEBtYWVzdHJhbm8u
Y29tggkA8WlwfatbSnIwDAYDVR0TBAUwAwEB/zANBgkqhkiG9w0BAQUFAAOBgQDE
he/18oRh8EqIhOl0bPk6BG49AkjhZZezrRJkCFp4dZxaBjwZTddwo8O5KHwkFGdy
yLiPV326dtvXoKa9RFJvoJiSTQLEn5mO1NzWYnBMLtrDWojOe6Ltvn3x0HVo/iHh
JShjAn6ZYX43Tjl1YXDd1H9O+7/VgEWAQQ32v8p5lA==
-----END CERTIFICATE-----
`;

/** SHA-256 of {@link CERTIFICATE_A}: whoever trusts it accepts logins forged by anybody. */
export const PUBLIC_KEY_CERTIFICATE_SHA256 =
  '22b5810c5d6f671c9ee74e5a1ac161d6f93b7d3fe113310e5c39b446872b6bc3';

/** SHA-1 of {@link CERTIFICATE_A}, for marketplaces that pin a fingerprint. */
export const PUBLIC_KEY_CERTIFICATE_SHA1 = '01061589257d781228a669c7de63ed7421f9f536';

/** What a preset supplies where the configuration is silent (protocol §1.4). Never ids or keys. */
export interface EnvironmentPreset {
  /** Also the identity provider, unless one is configured. */
  readonly apiHost: string;
  readonly connecHost: string;
  readonly connecBasePath: string;
  /** Seconds. */
  readonly connecTimeout: number;
  /** PEM of the identity provider's certificate. */
  readonly certificate: string;
}

const TEST: EnvironmentPreset = {
  apiHost: 'http://api-sandbox.maestrano.io',
  connecHost: 'http://api-sandbox.maestrano.io',
  connecBasePath: '/connec/api/v2',
  connecTimeout: 60,
  certificate: CERTIFICATE_A,
};

/** The emulator on this machine serves Connec! itself, unlike the host in Ruby's preset of this name. */
const LOCAL: EnvironmentPreset = {
  apiHost: 'http://localhost:3001',
  connecHost: 'http://localhost:3001',
  connecBasePath: '/connec/api/v2',
  connecTimeout: 60,
  certificate: CERTIFICATE_A,
};

const UAT: EnvironmentPreset = {
  apiHost: 'https://uat.maestrano.io',
  connecHost: 'https://api-connec-uat.maestrano.io',
  connecBasePath: '/api/v2',
  connecTimeout: 180,
  certificate: CERTIFICATE_B,
};

const PRODUCTION: EnvironmentPreset = {
  apiHost: 'https://maestrano.com',
  connecHost: 'https://api-connec.maestrano.com',
  connecBasePath: '/api/v2',
  connecTimeout: 180,
  certificate: CERTIFICATE_C,
};

const PRESETS: ReadonlyMap<string, EnvironmentPreset> = new Map([
  ['test', TEST],
  ['sandbox', TEST],
  ['local', LOCAL],
  ['uat', UAT],
  ['maestrano-uat', UAT],
  ['production', PRODUCTION],
  ['maestrano-production', PRODUCTION],
  ['production-sandbox', PRODUCTION],
]);

/** The preset named by the environment, else by the marketplace, in any case; null when neither is one. */
export function findPreset(environment: string | null, marketplace: string): EnvironmentPreset | null {
  return PRESETS.get(environment?.toLowerCase() ?? '') ?? PRESETS.get(marketplace.toLowerCase()) ?? null;
}
