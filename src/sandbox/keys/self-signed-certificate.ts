import { createPublicKey, createSign, type KeyObject } from 'node:crypto';

/** What a self-signed certificate says. */
export interface CertificateSubject {
  readonly commonName: string;
  /** Below 16 million. */
  readonly serial: number;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length =
    content.length < 0x100 ? [0x81, content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
/** sha256WithRSAEncryption (1.2.840.113549.1.1.11) with its NULL parameter. */
const SHA256_WITH_RSA = sequence(der(0x06, Buffer.from('2a864886f70d01010b', 'hex')), der(0x05));
/** commonName (2.5.4.3). */
const COMMON_NAME = der(0x06, Buffer.from('550403', 'hex'));

function time(moment: Date): Buffer {
  const digits = moment.toISOString().replaceAll(/\D/g, '').slice(0, 14);
  // Two-digit years end with 2049 (RFC 5280 §4.1.2.5).
  return moment.getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(`${digits.slice(2)}Z`))
    : der(0x18, Buffer.from(`${digits}Z`));
}

/**
 * A self-signed X.509 certificate for an RSA key, PEM. Node makes keys but no certificates; the libraries that do
 * bring a second crypto implementation or a dozen packages into every production install, for these five fields.
 */
export function selfSignedCertificate(privateKey: KeyObject, subject: CertificateSubject): string {
  const name = sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(subject.commonName)))));
  const serial = Buffer.alloc(4);
  // The first byte keeps the integer positive and free of padding.
  serial.writeUInt32BE(0x4d000000 + subject.serial);
  const body = sequence(
    der(0x02, serial),
    SHA256_WITH_RSA,
    name,
    sequence(time(subject.notBefore), time(subject.notAfter)),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
  );
  const signature = createSign('sha256').update(body).sign(privateKey);
  const certificate = sequence(body, SHA256_WITH_RSA, der(0x03, Buffer.from([0]), signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) as string[];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
