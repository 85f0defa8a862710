import { familiarName, type Reference } from '../../oci/reference.ts';
import { collectEvidence, verifyEvidence, type CollectedEvidence } from '../../trust/verifyImage.ts';
import { askReference } from '../command/ask.ts';
import { command } from '../command/command.ts';
import { InvalidArgumentError } from '../common/argument.ts';
import { withNotification } from '../common/progress.ts';
import { attachedSource } from '../registries/attachedSource.ts';
import type { SignerMemory } from '../registries/signerMemory.ts';
import { askPolicy } from './askPolicy.ts';
import type { TrustNeeds } from './listAttached.ts';
import { policyOf } from './policy.ts';
import { showVerdict } from './showVerdict.ts';
import { subjectsOf } from './subjects.ts';

/** Verifies an image's signatures: by a signer's identity and issuer, or by a public key. */
export const verifyImage = command(
  ['reference', 'platform', 'key', 'identity', 'issuer', 'trustedRoot'],
  async (argument, needs: TrustNeeds & { readonly signers: SignerMemory }, call) => {
    const { identity, issuer } = argument;
    if ((identity === undefined) !== (issuer === undefined)) {
      const missing = identity === undefined ? 'identity' : 'issuer';
      throw new InvalidArgumentError(missing, 'both "identity" and "issuer", since either alone identifies nobody');
    }
    const reference = await askReference(argument, needs, 'Verify Signature');
    if (!reference) return undefined;
    const collected = await withNotification(`Looking for signatures of ${familiarName(reference)}`, signal =>
      collect(reference, argument.platform, needs, signal),
    );
    const given = await policyOf(argument);
    const named = given.key !== undefined || given.identity !== undefined;
    const first = verifyEvidence(collected, given);
    const asked = call.interactive && !named && first.verdict !== 'none';
    const policy = asked ? await askPolicy(reference, first, given) : given;
    if (!policy) return undefined;
    const verified = asked ? verifyEvidence(collected, policy) : first;
    const valid = verified.signatures.find(({ verdict, covers }) => verdict === 'valid' && covers === verified.digest);
    if (policy.key !== undefined || policy.identity !== undefined)
      await needs.signers.set(verified.digest, valid?.signer);
    if (call.interactive) showVerdict(reference, verified, policy);
    return {
      verdict: verified.verdict,
      digest: verified.digest,
      signatures: verified.signatures.map(({ verdict: _own, ...signature }) => signature),
    };
  },
);

async function collect(
  reference: Reference,
  platform: string | undefined,
  needs: TrustNeeds,
  signal: AbortSignal,
): Promise<CollectedEvidence> {
  const subjects = await subjectsOf(reference, platform, needs.configuration.platform(), needs.lookup, signal);
  const source = await attachedSource(reference.registry, needs);
  return collectEvidence(source, reference.repository, subjects.documents, subjects, signal);
}
