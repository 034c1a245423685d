-- A run that sluice 0.1.0 began when its journals had format 4, killed while web-2 was at work, after a
-- pause and a continue.
BEGIN TRANSACTION;
CREATE TABLE events (
  seq INTEGER NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL, step INTEGER NOT NULL,
  lane INTEGER NOT NULL, task INTEGER NOT NULL, part INTEGER NOT NULL, attempt INTEGER NOT NULL,
  slot INTEGER NOT NULL, outcome INTEGER NOT NULL, timer INTEGER NOT NULL, truth INTEGER NOT NULL,
  answer INTEGER NOT NULL) STRICT;
INSERT INTO "events" VALUES(1,0,1,0,0,0,0,1,0,0,0,1,0);
INSERT INTO "events" VALUES(2,0,1,0,0,0,2,1,0,0,0,1,0);
INSERT INTO "events" VALUES(3,0,1,0,0,1,0,1,0,0,0,1,0);
INSERT INTO "events" VALUES(4,0,4,-1,0,0,0,1,0,0,0,1,0);
INSERT INTO "events" VALUES(5,0,5,-1,0,0,0,1,0,0,0,1,0);
CREATE TABLE given (
  number INTEGER PRIMARY KEY, word TEXT NOT NULL, value TEXT NOT NULL) STRICT;
INSERT INTO "given" VALUES(0,'plan','/srv/roll/roll.plan');
CREATE TABLE instants (
  seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, digest TEXT NOT NULL) STRICT;
INSERT INTO "instants" VALUES(0,0,'abdd63c9629ac7b7d960534775ca5d0bc487022e6de4eef2fa4549c1f6856214');
INSERT INTO "instants" VALUES(1,7,'1b3bcf8b75caac48d39055874ceb754582eb99d183feb77d560d4769eb17376f');
INSERT INTO "instants" VALUES(2,12,'5520515bbfe4e7b1e92d778a76836716f613caab7e5a79e846e98fb399d9610a');
INSERT INTO "instants" VALUES(3,15,'ddd517ebd3fdc6088e25e8f17c7d024e86b67299292a4fbb50f35700fa61b178');
INSERT INTO "instants" VALUES(4,39,'3e86922b148d836a81fb0fb20c12d6968ef9e00f1adb8c4e57c988a8ba37a5ce');
INSERT INTO "instants" VALUES(5,278,'c2130eaafd7682262ed02f6f5f203b29fbbdc24560fb56a8e513d91c07bcd2d0');
CREATE TABLE orders (
  seq INTEGER NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL, step INTEGER NOT NULL,
  lane INTEGER NOT NULL, task INTEGER NOT NULL, part INTEGER NOT NULL, attempt INTEGER NOT NULL,
  slot INTEGER NOT NULL, host TEXT NOT NULL, who TEXT NOT NULL, at TEXT NOT NULL,
  name TEXT NOT NULL) STRICT;
INSERT INTO "orders" VALUES(4,0,0,-1,0,0,0,1,0,'','root','2026-11-27T03:37:47Z','order-000001');
INSERT INTO "orders" VALUES(5,0,1,-1,0,0,0,1,0,'','root','2026-11-27T03:37:47Z','order-000002');
CREATE TABLE results (
  seq INTEGER NOT NULL, number INTEGER NOT NULL, step INTEGER NOT NULL, lane INTEGER NOT NULL,
  task INTEGER NOT NULL, part INTEGER NOT NULL, attempt INTEGER NOT NULL, slot INTEGER NOT NULL,
  host TEXT NOT NULL, outcome INTEGER NOT NULL, ending INTEGER NOT NULL, exit_code INTEGER,
  signal INTEGER, detail TEXT NOT NULL, outputs TEXT NOT NULL) STRICT;
INSERT INTO "results" VALUES(1,0,0,0,0,0,1,0,'web-1',0,1,0,NULL,'','');
INSERT INTO "results" VALUES(2,0,0,0,0,2,1,0,'web-1',0,1,0,NULL,'','');
INSERT INTO "results" VALUES(3,0,0,0,1,0,1,0,'web-1',0,1,0,NULL,'','');
CREATE TABLE run (
  format INTEGER NOT NULL, run TEXT NOT NULL, started_at TEXT NOT NULL, version TEXT NOT NULL,
  plan TEXT NOT NULL, folder TEXT NOT NULL) STRICT;
INSERT INTO "run" VALUES(4,'20261127-033747-00637','2026-11-27T03:37:47Z','0.1.0','{"schema":"sluice.plan/1","plan":{"deployment":"Roll","variables":[{"name":"stop","value":{"string":"web-2"}}],"property_sets":[[],[{"name":"zone","value":{"string":"a"}}]],"connections":[{"kind":"local","settings":[]}],"targets":{"names":["web-1","web-2","web-3"],"properties":[[1,3]],"connections":[[0,3]]},"target_lists":[[[0,3]],[]],"roles":[{"name":"web","targets":0,"minimum":1}],"joins":[[]],"steps":[{"name":"Update","has_child_steps":true,"on_controller":false,"targets":0,"targets_rule":"web","window":{"value":1,"rule":"window 1"},"tolerate":{"value":0,"rule":"no failure is tolerated"},"on_failure":"halt","when":"success","shared":false,"optional":false,"disabled":false,"join":0,"tasks":[{"name":"Work","when":"success","disabled":false,"ignore_failure":false,"action":{"kind":"script","attributes":[{"name":"body","value":{"string":"echo \"work $target_name\" >> \"$SLUICE_LEDGER\"\nif [ \"$target_name\" = \"$stop\" ] && [ -n \"$SLUICE_GATE\" ]; then\n  echo waits > \"$SLUICE_GATE\"\n  read -r word < \"$SLUICE_GATE\"\nfi"}},{"name":"shell","value":{"string":"sh"}}]},"via":{"kind":"target","hosts":1},"timeout_ms":null,"retry":{"more":0,"pause_ms":0},"takes":{"kind":"constant","low":{"duration":10000},"assumed":true},"drains":false,"restores":false,"interrupts":false,"verify":{"action":{"kind":"script","attributes":[{"name":"body","value":{"string":"grep -q \"work $target_name\" \"$SLUICE_LEDGER\""}},{"name":"shell","value":{"string":"sh"}}]},"via":{"kind":"target","hosts":1},"timeout_ms":null,"retry":{"more":0,"pause_ms":0},"takes":{"kind":"constant","low":{"duration":10000},"assumed":true},"drains":false,"restores":false,"interrupts":false,"idempotent":true}},{"name":"Clean","when":"success","disabled":false,"ignore_failure":false,"action":{"kind":"script","attributes":[{"name":"body","value":{"string":"echo clean $target_name >> $SLUICE_LEDGER"}},{"name":"shell","value":{"string":"sh"}}]},"via":{"kind":"target","hosts":1},"timeout_ms":null,"retry":{"more":0,"pause_ms":0},"takes":{"kind":"constant","low":{"duration":10000},"assumed":true},"drains":false,"restores":false,"interrupts":false}]}]},"origin":{"compiler_version":"0.1.0","sources":[{"name":"roll.deploy","sha256":"2b2275a99a40b66e4468fb3eb717c766f16715df8070d4c5d15213c8c14817c5"}],"places":[[[0,11,1],[0,12,3],[0,13,5],[0,20,14],[0,22,3],[0,22,18]]]},"digest":"sha256:624fe99fdcd335270f0d1457574cef724601f181bca56553901aca452526eeb3","file_digest":"sha256:ab682bcb2ce43a7d5072ac6b682e1342d246d309fbe5d96124424dbb581a9f46"}
','/srv/roll/.');
CREATE TABLE sessions (
  seq INTEGER PRIMARY KEY, who TEXT NOT NULL, version TEXT NOT NULL, boot TEXT NOT NULL,
  boot_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL) STRICT;
INSERT INTO "sessions" VALUES(0,'root, process 8757 on build-1','0.1.0','f435cc67-bd67-445e-bb23-0f1784ab8f85',23036336,1795750667023);
COMMIT;
