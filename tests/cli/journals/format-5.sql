-- A run that sluice 0.1.0 began, killed while web-2 was at work, after a pause and a continue; its journal
-- has format 5.
BEGIN TRANSACTION;
CREATE TABLE given (
  number INTEGER PRIMARY KEY, word TEXT NOT NULL, value TEXT NOT NULL) STRICT;
INSERT INTO "given" VALUES(0,'plan','/srv/roll/roll.plan');
CREATE TABLE instants (
  seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, digest TEXT NOT NULL, record TEXT NOT NULL)
  STRICT;
INSERT INTO "instants" VALUES(0,0,'bc8a1cbabb7ccd9b22c783119f3745efb51f8e55250f366747d58752cf5e886a','s 29:root, process 8757 on build-1 5:0.1.0 36:f435cc67-bd67-445e-bb23-0f1784ab8f85 23036336 1795750667023
');
INSERT INTO "instants" VALUES(1,7,'572fb3696179bf3d56fb6a768d16465e72bc75176f2f625bc46da7b29db2f8d5','e 1 0 0 0 0 1 0 0 0 1 0
r 0 0 0 0 1 0 0 1 0 - 5:web-1 0: 0:
');
INSERT INTO "instants" VALUES(2,12,'4a2e5b3518b47407028b229cac9cad2ad7dfaf660d11f68a6f481fff7390ab29','e 1 0 0 0 2 1 0 0 0 1 0
r 0 0 0 2 1 0 0 1 0 - 5:web-1 0: 0:
');
INSERT INTO "instants" VALUES(3,15,'3d1bbfb98fbc21d3f64952ab77590c5d95ac316a13aee3045077bb098f64cfd9','e 1 0 0 1 0 1 0 0 0 1 0
r 0 0 1 0 1 0 0 1 0 - 5:web-1 0: 0:
');
INSERT INTO "instants" VALUES(4,39,'83469133a0bebc65da8a35157e72e66e5e5989e87c41e8fd7a52db3d340c1125','e 4 -1 0 0 0 1 0 0 0 1 0
o 0 -1 0 0 0 1 0 0: 4:root 20:2026-11-27T03:37:47Z 12:order-000001
');
INSERT INTO "instants" VALUES(5,278,'8b1406640d80506a627d2351a68026de84c3fa9611f397b3a10a5511ca35a647','e 5 -1 0 0 0 1 0 0 0 1 0
o 1 -1 0 0 0 1 0 0: 4:root 20:2026-11-27T03:37:47Z 12:order-000002
');
CREATE TABLE run (
  format INTEGER NOT NULL, run TEXT NOT NULL, started_at TEXT NOT NULL, version TEXT NOT NULL,
  plan TEXT NOT NULL, folder TEXT NOT NULL) STRICT;
INSERT INTO "run" VALUES(5,'20261127-033747-00637','2026-11-27T03:37:47Z','0.1.0','{"schema":"sluice.plan/1","plan":{"deployment":"Roll","variables":[{"name":"stop","value":{"string":"web-2"}}],"property_sets":[[],[{"name":"zone","value":{"string":"a"}}]],"connections":[{"kind":"local","settings":[]}],"targets":{"names":["web-1","web-2","web-3"],"properties":[[1,3]],"connections":[[0,3]]},"target_lists":[[[0,3]],[]],"roles":[{"name":"web","targets":0,"minimum":1}],"joins":[[]],"steps":[{"name":"Update","has_child_steps":true,"on_controller":false,"targets":0,"targets_rule":"web","window":{"value":1,"rule":"window 1"},"tolerate":{"value":0,"rule":"no failure is tolerated"},"on_failure":"halt","when":"success","shared":false,"optional":false,"disabled":false,"join":0,"tasks":[{"name":"Work","when":"success","disabled":false,"ignore_failure":false,"action":{"kind":"script","attributes":[{"name":"body","value":{"string":"echo \"work $target_name\" >> \"$SLUICE_LEDGER\"\nif [ \"$target_name\" = \"$stop\" ] && [ -n \"$SLUICE_GATE\" ]; then\n  echo waits > \"$SLUICE_GATE\"\n  read -r word < \"$SLUICE_GATE\"\nfi"}},{"name":"shell","value":{"string":"sh"}}]},"via":{"kind":"target","hosts":1},"timeout_ms":null,"retry":{"more":0,"pause_ms":0},"takes":{"kind":"constant","low":{"duration":10000},"assumed":true},"drains":false,"restores":false,"interrupts":false,"verify":{"action":{"kind":"script","attributes":[{"name":"body","value":{"string":"grep -q \"work $target_name\" \"$SLUICE_LEDGER\""}},{"name":"shell","value":{"string":"sh"}}]},"via":{"kind":"target","hosts":1},"timeout_ms":null,"retry":{"more":0,"pause_ms":0},"takes":{"kind":"constant","low":{"duration":10000},"assumed":true},"drains":false,"restores":false,"interrupts":false,"idempotent":true}},{"name":"Clean","when":"success","disabled":false,"ignore_failure":false,"action":{"kind":"script","attributes":[{"name":"body","value":{"string":"echo clean $target_name >> $SLUICE_LEDGER"}},{"name":"shell","value":{"string":"sh"}}]},"via":{"kind":"target","hosts":1},"timeout_ms":null,"retry":{"more":0,"pause_ms":0},"takes":{"kind":"constant","low":{"duration":10000},"assumed":true},"drains":false,"restores":false,"interrupts":false}]}]},"origin":{"compiler_version":"0.1.0","sources":[{"name":"roll.deploy","sha256":"2b2275a99a40b66e4468fb3eb717c766f16715df8070d4c5d15213c8c14817c5"}],"places":[[[0,11,1],[0,12,3],[0,13,5],[0,20,14],[0,22,3],[0,22,18]]]},"digest":"sha256:624fe99fdcd335270f0d1457574cef724601f181bca56553901aca452526eeb3","file_digest":"sha256:ab682bcb2ce43a7d5072ac6b682e1342d246d309fbe5d96124424dbb581a9f46"}
','/srv/roll/.');
COMMIT;
