import { createHmac } from "node:crypto";

import { expect, test } from "vitest";

import { http, type HttpAnswer } from "../../../harness/http.ts";
import { startGateway, type TestGateway } from "../../support/gateway.ts";
import { type Call, callerOf, refusalOf } from "../../support/hookstream.ts";
import { signStripe } from "../../support/journey.ts";
