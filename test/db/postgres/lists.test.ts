import { CompiledQuery } from "kysely";
import { expect, test } from "vitest";

import { countEvents } from "../../../src/events/list.ts";
import { ids, newScope } from "../../support/records.ts";
import { freshStore } from "../../support/store.ts";

const howPlanned = `select custom_plans, generic_plans from pg_prepared_statements where statement like '%from "events"%'`;

// One that is made for any values takes a limit of ten thousand for a tenth of all rows.
test("lists are planned for what they are asked, each time", async () => {
  const store = await freshStore();
  const owner = { ...newScope(), sourceId: ids.next() };
  for (let asked = 0; asked < 12; asked += 1) await countEvents(store, owner, {});
  const { rows } = await store.list<object>().executeQuery(CompiledQuery.raw(howPlanned));
  expect(rows).toContainEqual({ custom_plans: 12, generic_plans: 0 });
});
