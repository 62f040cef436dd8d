/** The keys of one window of `schedules`, each taken by itself. Pure. */
import * as z from 'zod';
import { WEEKDAYS } from '#core/schedule/windows.ts';
import { isZone } from '#core/schedule/zone.ts';
import { displayName } from '#yaml/fields.ts';
import { suggest } from '#yaml/suggest.ts';

const DAY = WEEKDAYS.join('|');

const dayRange = z.string().regex(new RegExp(`^(?:${DAY})(?:-(?:${DAY}))?$`), {
  error: 'is no day and no range of days; write them as mon, tue, wed, thu, fri, sat, sun, mon-fri or fri-mon',
});

/** `mon-fri` → the five; `fri-mon` → the four, over the weekend. */
function daysOf(range: string): readonly string[] {
  const [first = '', last = first] = range.split('-');
  const names: readonly string[] = WEEKDAYS;
  const from = names.indexOf(first);
  const to = names.indexOf(last);
  return [...names, ...names].slice(from, (to < from ? to + names.length : to) + 1);
}

/** Days and ranges of days, as the days that they name. */
const days = z
  .array(dayRange)
  .min(1)
  .transform((ranges) => {
    const named = new Set(ranges.flatMap(daysOf));
    return WEEKDAYS.filter((day) => named.has(day));
  });

const TIME = '(?:[01]?\\d|2[0-3]):[0-5]\\d';

/** `07:30` as minutes after midnight. */
function minutesOf(time: string): number {
  const [hours = '', minutes = ''] = time.split(':');
  return Number(hours) * 60 + Number(minutes);
}

const opening = z
  .string()
  .regex(new RegExp(`^${TIME}$`), { error: 'is no time of a day; write it as "07:00", between "00:00" and "23:59"' })
  .transform(minutesOf);

const closing = z
  .string()
  .regex(new RegExp(`^(?:${TIME}|24:00)$`), {
    error: 'is no time of a day; write it as "19:00", between "00:00" and "24:00"',
  })
  .transform(minutesOf);

const timezone = z.string().check((context) => {
  const name = context.value;
  if (isZone(name)) return;
  const message = `"${name}" is no time zone that is known here${didYouMeanZone(name)}; give a name such as Europe/Berlin or UTC`;
  context.issues.push({ code: 'custom', message, input: name });
});

/** The nearest zone, or that of the nearest city. */
function didYouMeanZone(name: string): string {
  const zones = Intl.supportedValuesOf('timeZone');
  const cities = new Map(zones.map((zone) => [cityOf(zone), zone]));
  const found = suggest(name, zones) ?? cities.get(suggest(cityOf(name), [...cities.keys()]) ?? '');
  return found === undefined ? '' : ` (did you mean "${found}"?)`;
}

function cityOf(zone: string): string {
  return zone.slice(zone.lastIndexOf('/') + 1);
}

/** One entry of `schedules`. */
export const Schedule = z.strictObject({
  name: displayName.meta({ description: 'Shown in the report while the window is open; unique in the group.' }),
  days: days.prefault(['mon-sun']).meta({
    description: 'The days on which it opens: mon, tue, …, or ranges such as mon-fri and fri-mon. Default: every day.',
  }),
  from: opening.meta({ description: 'When it opens, on the clock of the time zone, in quotes.' }),
  to: closing.meta({
    description: 'When it closes; on the next day if that is no later than from. "24:00" is midnight.',
  }),
  timezone: timezone.meta({ description: 'An IANA time zone, such as Europe/Berlin.' }),
  min: z.int().min(0).meta({ description: 'In place of parameters.min while it is open.' }),
  max: z.int().min(0).meta({ description: 'In place of parameters.max while it is open.' }),
});
