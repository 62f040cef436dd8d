/**
 * What every state store must do, whatever it keeps its state in. Run it with a function that gives a fresh, empty
 * store; `again`, where a store outlives its object, opens the same state a second time, as another process would.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { MemoryChange, StateStore } from '#core/ports.ts';
import { tickRecord } from '#kit/tick-records.ts';

const NOW = Date.UTC(2026, 10, 20, 10);
const MINUTE_MS = 60_000;

export type StoreUnderTest = { readonly store: StateStore; readonly again?: () => StateStore };

export function stateStoreContract(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of a state store`, () => {
    let store: StateStore;
    /** A second view of the same state. */
    let other: StateStore;

    beforeEach(async () => {
      const made = await makeStore();
      store = made.store;
      other = made.again?.() ?? made.store;
    });

    describe('lease', () => {
      const lease = { name: 'tick', holder: 'a', now: NOW, ttlMs: MINUTE_MS };
      const heldByA = { acquired: false, holder: 'a', until: NOW + MINUTE_MS };

      it.each([
        ['another holder while it lasts', { ...lease, holder: 'b' }, heldByA],
        ['another holder a millisecond before its end', { ...lease, holder: 'b', now: NOW + MINUTE_MS - 1 }, heldByA],
        ['another holder at its end', { ...lease, holder: 'b', now: NOW + MINUTE_MS }, { acquired: true }],
        ['the same holder while it lasts', { ...lease, now: NOW + 1 }, { acquired: true }],
        ['another holder of another lease', { ...lease, name: 'tick-2', holder: 'b' }, { acquired: true }],
      ])('held by a, asked for by %s', async (_case, request, answer) => {
        expect(await store.acquireLease(lease)).toEqual({ acquired: true });
        expect(await other.acquireLease(request)).toEqual(answer);
      });

      it('taken again by its holder, it lasts from then on', async () => {
        await store.acquireLease(lease);
        await store.acquireLease({ ...lease, now: NOW + MINUTE_MS / 2 });
        expect(await other.acquireLease({ ...lease, holder: 'b', now: NOW + MINUTE_MS })).toEqual({
          acquired: false,
          holder: 'a',
          until: NOW + 1.5 * MINUTE_MS,
        });
      });

      it('given back, it is free at once', async () => {
        await store.acquireLease(lease);
        await store.releaseLease(lease);
        expect(await other.acquireLease({ ...lease, holder: 'b' })).toEqual({ acquired: true });
      });

      it.each([
        ['by somebody else', { name: 'tick', holder: 'b' }],
        ['of another name', { name: 'tick-2', holder: 'a' }],
      ])('a release %s changes nothing', async (_case, release) => {
        await store.acquireLease(lease);
        await other.releaseLease(release);
        expect(await other.acquireLease({ ...lease, holder: 'b' })).toEqual(heldByA);
      });

      it('a release of a lease that nobody holds is fine', async () => {
        await expect(store.releaseLease(lease)).resolves.toBeUndefined();
      });

      it('of many who ask at once, exactly one gets it, and the others hear who', async () => {
        const holders = Array.from({ length: 8 }, (_, index) => `holder-${index}`);
        const answers = await Promise.all(
          holders.map((holder, index) => (index % 2 === 0 ? store : other).acquireLease({ ...lease, holder })),
        );
        const winners = holders.filter((_, index) => answers[index]?.acquired);
        expect(winners).toHaveLength(1);
        expect(answers.filter(({ acquired }) => !acquired)).toEqual(
          Array(7).fill({ acquired: false, holder: winners[0], until: NOW + MINUTE_MS }),
        );
      });
    });

    describe('memory', () => {
      const value = { idleSince: { '{uuid-1}': NOW }, nested: [1, 'zwei', null, { drei: true }], text: 'ü 🚀 "\n' };

      it('has nothing under keys that were never saved', async () => {
        expect(await store.load(['group/acme', 'scope/acme'])).toEqual(new Map());
        expect(await store.load([])).toEqual(new Map());
      });

      it('gives back what was saved, under versions from 1', async () => {
        expect(await store.save([{ key: 'a', expectedVersion: 0, value }], NOW)).toEqual([]);
        expect(await store.save([{ key: 'a', expectedVersion: 1, value: { ...value, more: 1 } }], NOW)).toEqual([]);
        expect(await store.save([], NOW)).toEqual([]);
        expect(await other.load(['a', 'missing', 'a'])).toEqual(
          new Map([['a', { version: 2, value: { ...value, more: 1 } }]]),
        );
      });

      it.each([
        ['new, though it exists', 'a', 0],
        ['older than it is', 'a', 1],
        ['newer than it is', 'a', 3],
        ['existing, though it is new', 'b', 1],
      ])(
        'refuses a change that takes the document for %s, and saves the others',
        async (_case, key, expectedVersion) => {
          await store.save([{ key: 'a', expectedVersion: 0, value: 'first' }], NOW);
          await store.save([{ key: 'a', expectedVersion: 1, value: 'second' }], NOW);
          const changes = [
            { key, expectedVersion, value: 'refused' },
            { key: 'c', expectedVersion: 0, value: 'saved' },
          ];
          expect(await other.save(changes, NOW)).toEqual([{ key }]);
          expect(await store.load(['a', 'b', 'c'])).toEqual(
            new Map([
              ['a', { version: 2, value: 'second' }],
              ['c', { version: 1, value: 'saved' }],
            ]),
          );
        },
      );

      it('of many who save the same version at once, exactly one succeeds', async () => {
        const answers = await Promise.all(
          Array.from({ length: 6 }, (_, index) =>
            (index % 2 === 0 ? store : other).save([{ key: 'a', expectedVersion: 0, value: index }], NOW),
          ),
        );
        const winner = answers.findIndex((conflicts) => conflicts.length === 0);
        expect(answers.filter((conflicts) => conflicts.length === 0)).toHaveLength(1);
        expect(await store.load(['a'])).toEqual(new Map([['a', { version: 1, value: winner }]]));
      });

      it('is not changed by what callers do to their values', async () => {
        const mine = { list: [1] };
        await store.save([{ key: 'a', expectedVersion: 0, value: mine }], NOW);
        mine.list.push(2);
        const loaded = (await store.load(['a'])).get('a')?.value as typeof mine;
        loaded.list.push(3);
        expect((await store.load(['a'])).get('a')?.value).toEqual({ list: [1] });
      });

      it('saves and loads 250 documents', async () => {
        const changes: MemoryChange[] = Array.from({ length: 250 }, (_, index) => ({
          key: `group/${index}`,
          expectedVersion: 0,
          value: { index },
        }));
        expect(await store.save(changes, NOW)).toEqual([]);
        const keys = changes.map(({ key }) => key);
        expect(await other.load([...keys, 'group/250'])).toEqual(
          new Map(changes.map(({ key, value: saved }) => [key, { version: 1, value: saved }])),
        );
      });

      it('gives back any JSON under any key', async () => {
        const seen = new Set<string>();
        await fc.assert(
          fc.asyncProperty(fc.string({ minLength: 1, maxLength: 40 }), fc.jsonValue(), async (key, json) => {
            fc.pre(!seen.has(key));
            seen.add(key);
            await store.save([{ key, expectedVersion: 0, value: json }], NOW);
            const document = (await store.load([key])).get(key);
            expect(JSON.stringify(document)).toBe(JSON.stringify({ version: 1, value: json }));
          }),
          { numRuns: 30 },
        );
      });
    });

    describe('tick records', () => {
      const at = (minute: number) => NOW + minute * MINUTE_MS;
      const append = async (...minutes: readonly number[]) => {
        for (const minute of minutes) await store.appendTick(tickRecord(`tick-${minute}`, at(minute)));
      };
      const listIds = async (from: number, to: number) => (await other.listTicks({ from, to })).map(({ id }) => id);

      it('has none at first', async () => {
        expect(await store.listTicks({ from: 0, to: NOW })).toEqual([]);
      });

      it.each([
        ['everything', -Infinity, Infinity, ['tick-1', 'tick-2', 'tick-3']],
        ['from a record on', at(2), at(9), ['tick-2', 'tick-3']],
        ['up to, without, a record', at(0), at(3), ['tick-1', 'tick-2']],
        ['a single instant', at(2), at(2) + 1, ['tick-2']],
        ['between records', at(1) + 1, at(2), []],
        ['an empty range', at(2), at(2), []],
        ['a range that ends before it begins', at(3), at(1), []],
      ])('lists %s, oldest first', async (_case, from, to, ids) => {
        await append(3, 1, 2);
        expect(await listIds(from, to)).toEqual(ids);
      });

      it('lists records of one instant by id', async () => {
        await store.appendTick(tickRecord('shard-1', NOW));
        await store.appendTick(tickRecord('shard-0', NOW));
        expect(await listIds(NOW, NOW + 1)).toEqual(['shard-0', 'shard-1']);
      });

      it('takes a record twice and keeps it once', async () => {
        await append(1, 2, 1);
        expect(await listIds(at(0), at(9))).toEqual(['tick-1', 'tick-2']);
      });

      it('gives a record of 2 MB back as it was, among others', async () => {
        // Hexadecimal digests hardly compress.
        const notes = Array.from({ length: 32_000 }, (_, index) =>
          createHash('sha256').update(String(index)).digest('hex'),
        );
        const big = tickRecord('big', at(2), notes);
        await append(1, 3);
        await store.appendTick(big);
        await store.appendTick(big);
        expect(await listIds(at(0), at(9))).toEqual(['tick-1', 'big', 'tick-3']);
        expect(await other.listTicks({ from: at(2), to: at(3) })).toEqual([big]);
      });
    });
  });
}
