-- The same run in the layout of format 2, which knew no folder, no orders and no sessions.
BEGIN TRANSACTION;
CREATE TABLE events (
  seq INTEGER NOT NULL, number INTEGER NOT NULL, kind INTEGER NOT NULL, step INTEGER NOT NULL,
  lane INTEGER NOT NULL, task INTEGER NOT NULL, part INTEGER NOT NULL, attempt INTEGER NOT NULL,
  slot INTEGER NOT NULL, outcome INTEGER NOT NULL, timer INTEGER NOT NULL, truth INTEGER NOT NULL,
  answer INTEGER NOT NULL, PRIMARY KEY (seq, number)) STRICT;
INSERT INTO "events" VALUES(1,0,1,0,0,0,0,1,0,0,0,1,0);
INSERT INTO "events" VALUES(2,0,1,0,0,0,2,1,0,0,0,1,0);
INSERT INTO "events" VALUES(3,0,1,0,0,1,0,1,0,0,0,1,0);
CREATE TABLE instants (
  seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, digest TEXT NOT NULL) STRICT;
INSERT INTO "instants" VALUES(0,0,'4a469fe329e14139f5ac45b92a6a53b9a98117232caa1efd5dd3e843bfea1c43');
INSERT INTO "instants" VALUES(1,9,'2b10e5fa0dd8b0ac691ac9fa16949a0245c0ac3c8bcc4ac98473acddccca30e4');
INSERT INTO "instants" VALUES(2,22,'df25af2de48bf7938f9208f32eb53e967fa4a8ab77e4ce96e5532c4a7e4973d9');
INSERT INTO "instants" VALUES(3,33,'69a56d12b761518f137fd405d1c018c62917ee1b857cf7ac7485c3a4278c7930');
CREATE TABLE results (
  seq INTEGER NOT NULL, number INTEGER NOT NULL, step INTEGER NOT NULL, lane INTEGER NOT NULL,
  task INTEGER NOT NULL, part INTEGER NOT NULL, attempt INTEGER NOT NULL, slot INTEGER NOT NULL,
  host TEXT NOT NULL, outcome INTEGER NOT NULL, ending INTEGER NOT NULL, exit_code INTEGER,
  signal INTEGER, detail TEXT NOT NULL, outputs TEXT NOT NULL,
  PRIMARY KEY (seq, number)) STRICT;
INSERT INTO "results" VALUES(1,0,0,0,0,0,1,0,'web-1',0,1,0,NULL,'','');
INSERT INTO "results" VALUES(2,0,0,0,0,2,1,0,'web-1',0,1,0,NULL,'','');
INSERT INTO "results" VALUES(3,0,0,0,1,0,1,0,'web-1',0,1,0,NULL,'','');
CREATE TABLE run (
  format INTEGER NOT NULL, run TEXT NOT NULL, started_at TEXT NOT NULL, version TEXT NOT NULL,
  plan TEXT NOT NULL) STRICT;
INSERT INTO "run" VALUES(2,'20261126-121200-40171','2026-11-26T12:12:00Z','0.1.0','{"schema":"sluice.plan/1","plan":{"deployment":"Roll","variables":[{"name":"stop","value":{"string":"web-2"}}],"property_sets":[[],[{"name":"zone","value":{"string":"a"}}]],"connections":[{"kind":"local","settings":[]}],"targets":{"names":["web-1","web-2","web-3"],"properties":[[1,3]],"connections":[[0,3]]},"target_lists":[[[0,3]],[]],"roles":[{"name":"web","targets":0,"minimum":1}],"joins":[[]],"steps":[{"name":"Update","has_child_steps":true,"on_controller":false,"targets":0,"targets_rule":"web","window":{"value":1,"rule":"window 1"},"tolerate":{"value":0,"rule":"no failure is tolerated"},"on_failure":"halt","when":"success","shared":false,"optional":false,"disabled":false,"join":0,"tasks":[{"name":"Work","when":"success","disabled":false,"ignore_failure":false,"action":{"kind":"script","attributes":[{"name":"body","value":{"string":"echo \"work $target_name\" >> \"$SLUICE_LEDGER\"\nif [ \"$target_name\" = \"$stop\" ] && [ -n \"$SLUICE_GATE\" ]; then\n  echo waits > \"$SLUICE_GATE\"\n  read -r word < \"$SLUICE_GATE\"\nfi"}},{"name":"shell","value":{"string":"sh"}}]},"via":{"kind":"target","hosts":1},"timeout_ms":null,"retry":{"more":0,"pause_ms":0},"takes":{"kind":"constant","low":{"duration":10000},"assumed":true},"drains":false,"restores":false,"interrupts":false,"verify":{"action":{"kind":"script","attributes":[{"name":"body","value":{"string":"grep -q \"work $target_name\" \"$SLUICE_LEDGER\""}},{"name":"shell","value":{"string":"sh"}}]},"via":{"kind":"target","hosts":1},"timeout_ms":null,"retry":{"more":0,"pause_ms":0},"takes":{"kind":"constant","low":{"duration":10000},"assumed":true},"drains":false,"restores":false,"interrupts":false,"idempotent":true}},{"name":"Clean","when":"success","disabled":false,"ignore_failure":false,"action":{"kind":"script","attributes":[{"name":"body","value":{"string":"echo clean $target_name >> $SLUICE_LEDGER"}},{"name":"shell","value":{"string":"sh"}}]},"via":{"kind":"target","hosts":1},"timeout_ms":null,"retry":{"more":0,"pause_ms":0},"takes":{"kind":"constant","low":{"duration":10000},"assumed":true},"drains":false,"restores":false,"interrupts":false}]}]},"origin":{"compiler_version":"0.1.0","sources":[{"name":"roll.deploy","sha256":"2b2275a99a40b66e4468fb3eb717c766f16715df8070d4c5d15213c8c14817c5"}],"places":[[[0,11,1],[0,12,3],[0,13,5],[0,20,14],[0,22,3],[0,22,18]]]},"digest":"sha256:624fe99fdcd335270f0d1457574cef724601f181bca56553901aca452526eeb3","file_digest":"sha256:ab682bcb2ce43a7d5072ac6b682e1342d246d309fbe5d96124424dbb581a9f46"}
');
COMMIT;
