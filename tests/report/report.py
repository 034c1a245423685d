#!/usr/bin/env python3
"""Opens the report in Chromium as a person would, and asks it what it shows.

usage: report.py PROGRAM    exit 77 where there is no Chromium
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

import chromium

PROGRAM = ""

FARM = '''deployment "Farm"
role web { target "web-[1..12]" minimum 4 }
role lb { target "lb-1" }
require available(web) >= 8
require duration <= 4m in 95% of runs
step "Migrate" { run "true" takes 40s }
step "Update" on web window 4 {
  tolerate 1 failure
  step "Leave" via lb { run "true" takes 5s drains }
  step "Deploy" { run "true" takes 30s to 50s }
  step "Check" { run "true" takes 6s retry 3 every 2s }
  step "Return" via lb { run "true" takes 2s restores }
}
step "Tidy up" on web when always { run "true" takes 1s to 9s }
'''

# What a page would stumble over if a name were ever taken for anything but text.
HOSTILE = ["</script><b id=evil>", "<!-- <script>", "<img src=x onerror=window.evil=1>", "a'b\\\"c &amp; ${x} `y`",
           "\u202egnp.exe\u202c", "名前 🚀", "__proto__", "constructor"]


def deploy_text(name):
    return name.replace("\\", "").replace('"', "").replace("$", "")


HOSTILE = [deploy_text(name) for name in HOSTILE]


def colour_count(name):
    """A script that counts the timeline's pixels of one of the page's colours."""
    return f"""(() => {{
      const probe = document.createElement("canvas").getContext("2d", {{ willReadFrequently: true }});
      probe.fillStyle = colours[{json.dumps(name)}]; probe.fillRect(0, 0, 1, 1);
      const [r, g, b] = probe.getImageData(0, 0, 1, 1).data, canvas = document.querySelector(".timeline canvas");
      const all = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
      let found = 0;
      for (let i = 0; i < all.length; i += 4) if (all[i] === r && all[i + 1] === g && all[i + 2] === b) ++found;
      return found;
    }})()"""


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.browser = chromium.Chromium(chromium.find(), os.path.join(cls.folder.name, "browser"))

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.folder.cleanup()

    def sluice(self, *arguments, status=(0,)):
        result = subprocess.run([PROGRAM, *arguments], cwd=self.folder.name, capture_output=True, text=True,
                                stdin=subprocess.DEVNULL)
        self.assertIn(result.returncode, status, result.stderr)
        return result.stdout

    def page(self, text, *options, status=(0,)):
        source, page = (os.path.join(self.folder.name, name) for name in ("farm.deploy", "page.html"))
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        self.sluice("simulate", source, "--format", "html", "-o", page, *options, status=status)
        return page

    def open(self, page):
        self.browser.open(page)
        self.assertEqual("yes", self.browser.run("document.documentElement.dataset.drawn"), self.browser.complaints())

    def all_is_well(self):
        self.assertEqual([], self.browser.complaints())
        strange = [url for url in self.browser.requested() if not url.startswith(("file:", "data:"))]
        self.assertEqual([], strange)

    def counted(self):
        return self.browser.run("document.querySelector('#counted').textContent")

    def choose(self, selector, value, event):
        self.browser.run(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.value = "
                         f"{json.dumps(value)}; e.dispatchEvent(new Event({json.dumps(event)})); }})()")
        self.browser.frame()

    def test_it_shows_the_lanes_and_answers_what_matters(self):
        page = self.page(FARM)
        self.open(page)
        self.assertEqual("25 lanes", self.counted())
        self.assertGreater(self.browser.run(colour_count("work")), 500)
        self.assertGreater(self.browser.run(colour_count("out")), 500)
        self.assertEqual(0, self.browser.run(colour_count("failed")))
        self.assertEqual(1, self.browser.run("document.querySelectorAll('.chart').length"))
        # A moment stands at one place in all of them.
        chart, lanes = self.browser.run(
            "(() => { const u = document.querySelector('.u-over').getBoundingClientRect(), b = box.getBoundingClientRect();"
            "return [[u.left, u.right], [b.left + across(0), b.left + across(whole)]]; })()")
        for left, right in zip(chart, lanes):
            self.assertAlmostEqual(left, right, delta=1)
        # The same answers as the JSON of the same prediction gives.
        told = json.loads(self.sluice("simulate", "farm.deploy", "--format", "json"))
        times = {}
        for lane in told["lanes"]:
            if lane["target"] != "controller":
                times[lane["target"]] = times.get(lane["target"], 0) + lane["end_ms"] - lane["start_ms"]
        slowest = max(times, key=times.get)
        web = next(role for role in told["roles"] if role["role"] == "web")
        cards = dict(self.browser.run("[...document.querySelectorAll('.cards li')].map((card) => "
                                      "[card.querySelector('.title').textContent, card.querySelector('b').textContent])"))
        self.assertEqual(slowest, cards["Slowest server"])
        self.assertEqual(f"{web['available_min']} of 12 web", cards["Lowest capacity"])
        self.assertEqual("succeeded", cards["Outcome"])
        self.assertEqual("2 of 2 kept", cards["Contracts"])
        answers = self.browser.run("[...document.querySelectorAll('#contracts tbody tr')].map((row) => row.textContent)")
        self.assertRegex(answers[0], r"^available\(web\) >= 8kept8 in service40sproved")
        self.assertRegex(answers[1], r"^duration <= 4m in 95% of runskept.*not proved$")
        seconds = sum(float(number) * {"m": 60, "s": 1}[unit]
                      for number, unit in re.findall(r"([\d.]+)([ms])\b", cards["Duration"]))
        self.assertAlmostEqual(told["duration_ms"] / 1000, seconds, delta=0.06)
        self.all_is_well()

    def test_it_filters(self):
        self.open(self.page(FARM, "--fail", "Update/Check@web-3:1", "--fail", "Update/Deploy@web-7", status=(0, 1)))
        self.assertGreater(self.browser.run(colour_count("failed")), 20)
        for text, lanes in (("web-12", 2), ("web-1", 8), ("web", 24), ("lb", 0), ("failed", 1), ("web-7 failed", 1),
                            ("nothing", 0), ("", 25)):
            self.choose("#filter", text, "input")
            self.assertEqual(f"{lanes} of 25 lanes" if lanes < 25 else "25 lanes", self.counted(), text)
        self.choose("#step", "1", "change")
        self.assertEqual("12 of 25 lanes", self.counted())
        self.choose("#step", "-1", "change")
        self.choose("#kind", "retried", "change")
        self.assertEqual("1 of 25 lanes", self.counted())
        self.choose("#kind", "", "change")
        self.choose("#order", "slowest", "change")
        took = self.browser.run("shown.filter((row) => !row.head && row.step === 1).map((row) => row.took)")
        self.assertEqual(sorted(took, reverse=True), took)
        self.all_is_well()

    def test_it_zooms_by_buttons_keys_and_dragging_and_all_charts_with_it(self):
        self.open(self.page(FARM))
        whole = self.browser.run("view.to - view.from")
        before = self.browser.run(colour_count("out"))
        self.browser.press("#closer")
        self.assertAlmostEqual(0.6 * whole, self.browser.run("view.to - view.from"), delta=2)
        self.assertNotEqual(before, self.browser.run(colour_count("out")))
        self.browser.press("#whole")
        self.assertEqual(whole, self.browser.run("view.to - view.from"))
        self.assertEqual(before, self.browser.run(colour_count("out")))
        # From a quarter to a half of the time, by dragging across the lanes.
        left, width, top = self.browser.run("(() => { box.scrollIntoView(); const b = box.getBoundingClientRect();"
                                            "return [b.x + gutter(), across(whole) - gutter(), b.y + 100]; })()")
        self.browser.drag((left + width / 4, top), (left + width / 2, top))
        self.assertAlmostEqual(whole / 4, self.browser.run("view.from"), delta=whole / 100)
        self.assertAlmostEqual(whole / 2, self.browser.run("view.to"), delta=whole / 100)
        # Only what is at work then.
        self.browser.press("#in-sight")
        at_work = self.browser.run("laneRows.filter(inSight).length")
        self.assertTrue(0 < at_work < 25)
        self.assertEqual(f"{at_work} of 25 lanes", self.counted())
        self.browser.press("#in-sight")
        # The browser's own scrolling moves the time, and back.
        self.browser.run("box.scrollLeft = 0")
        self.browser.frame()
        self.assertAlmostEqual(0, self.browser.run("view.from"), delta=whole / 500)
        self.browser.run("box.focus()")
        for key in ("0",):
            self.browser.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=key)
        self.browser.frame()
        self.assertEqual(whole, self.browser.run("view.to - view.from"))
        self.all_is_well()

    def test_a_name_is_text_whatever_it_is(self):
        names = [name.replace("'", "’") for name in HOSTILE]
        roles = "\n".join(f'role r{i} {{ target "t{i}" }}' for i in range(len(names)))
        steps = "\n".join(f'step "{name}" on r{i} {{ step "{name}" {{ run "true" takes 3s drains restores }} }}'
                          for i, name in enumerate(names))
        page = self.page(f'deployment "{names[0]}{names[2]}"\n{roles}\n{steps}\n', "--runs", "20")
        with open(page, encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn("<b id=evil", text)
        self.assertNotIn("<img src", text)
        self.assertNotIn("\u202e", text)
        self.open(page)
        self.assertEqual(names[0] + names[2], self.browser.run("document.querySelector('h1').textContent"))
        self.assertEqual(names[0] + names[2], self.browser.run("document.title"))
        self.assertIsNone(self.browser.run("window.evil"))
        self.assertEqual(0, self.browser.run("document.querySelectorAll('#evil, img, main script').length"))
        shown = self.browser.run("data.steps.map((step) => step.name)")
        self.assertEqual([name.replace("\u202e", "\\u{202E}").replace("\u202c", "\\u{202C}") for name in names], shown)
        for name in ("__proto__", "<img"):
            self.choose("#filter", name, "input")
        self.browser.run("box.dispatchEvent(new PointerEvent('pointermove', { clientX: 400, clientY: 400 }))")
        self.all_is_well()

    def test_ten_thousand_lanes_are_one_picture_of_less_than_five_megabytes(self):
        page = self.page('deployment "Large"\nrole web { target "web-[1..2500]" }\n' + "\n".join(
            f'step "S{i}" on web window 100 {{ step "A" {{ run "true" takes 1s to 4s drains }} '
            f'step "B" {{ run "true" takes 20s to 60s fails 1% retry 3 }} step "C" {{ run "true" takes 1s restores }} }}'
            for i in range(4)))
        self.assertLess(os.path.getsize(page), 5 << 20)
        self.open(page)
        self.assertEqual("10,000 lanes", self.counted())
        self.assertGreater(self.browser.run(colour_count("out")), 2000)
        self.browser.press("#all")  # readable rows
        self.assertGreater(self.browser.run("box.scrollHeight"), 10000 * 19)
        self.browser.run("box.scrollTop = box.scrollHeight; look(whole * 0.9, whole)")
        self.browser.frame()
        self.assertGreater(self.browser.run(colour_count("out")), 1000)
        self.choose("#filter", "web-2500", "input")
        self.assertEqual("4 of 10,000 lanes", self.counted())
        self.all_is_well()

    def test_what_is_folded_away_opens(self):
        targets = 'role web { target "web-[1..40]" }'
        self.open(self.page(f'deployment "Forty"\n{targets}\nstep "A" on web window 2 {{ run "true" takes 1s to 9s }}\n'))
        rows = "document.querySelectorAll('#slowest-servers tbody tr').length"
        self.assertEqual(10, self.browser.run(rows))
        self.browser.run("document.querySelector('#slowest-servers button').click()")
        self.assertEqual(40, self.browser.run(rows))
        took = self.browser.run("[...document.querySelectorAll('#slowest-servers tbody tr')].map((row) => "
                                "parseFloat(row.children[1].textContent))")
        self.assertEqual(sorted(took, reverse=True), took)
        self.browser.run("document.querySelector('#critical-path details').open = true")
        self.browser.frame()
        self.assertEqual(self.browser.run("latest.path.length"),
                         self.browser.run("document.querySelectorAll('#critical-path details tbody tr').length"))
        self.all_is_well()

    def test_paper_and_dark_show_the_same(self):
        self.open(self.page(FARM, "--runs", "200"))
        self.browser.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
        self.browser.frame()
        self.assertGreater(self.browser.run(colour_count("out")), 500)
        dark = self.browser.run("colours.paper")
        self.browser.press("#theme")
        light = self.browser.run("colours.paper")
        self.assertNotEqual(dark, light)
        self.browser.press("#theme")
        self.assertEqual(dark, self.browser.run("colours.paper"))
        # On paper always light.
        self.browser.run("addEventListener('beforeprint', () => { window.printed = colours.paper; })")
        self.assertTrue(self.browser.call("Page.printToPDF", printBackground=True)["data"])
        self.assertEqual(light, self.browser.run("window.printed"))
        self.assertEqual(dark, self.browser.run("colours.paper"))
        self.browser.call("Emulation.setEmulatedMedia", features=[])
        self.assertEqual(2, self.browser.run("document.querySelectorAll('.chart').length"))
        self.all_is_well()

    def test_a_run_stands_beside_its_prediction(self):
        text = FARM.replace("role web", "connect local\nrole web")
        for seconds in ("40s", "30s to 50s", "5s", "6s", "2s", "1s to 9s"):
            text = text.replace(f"takes {seconds}", "takes 10ms to 30ms")
        self.page(text)
        self.sluice("run", "farm.deploy", "--yes", "--quiet")
        page = os.path.join(self.folder.name, "both.html")
        self.sluice("report", "--predicted", "--runs", "50", "-o", page)
        self.open(page)
        self.assertEqual(["predicted", "run"], self.browser.run("parts.map((part) => part.label)"))
        self.assertEqual("25 lanes", self.counted())
        labels = self.browser.run("[...document.querySelectorAll('.cards .label')].map((e) => e.textContent)")
        self.browser.run("point(5)")
        self.assertRegex(self.browser.run("document.querySelector('.readout').textContent"),
                         r"^5ms \(20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC\): predicted \d+, run \d+$")
        self.assertIn("predicted", labels)
        self.assertIn("run", labels)
        self.assertEqual(2 * 3, self.browser.run("document.querySelectorAll('#steps tbody tr').length"))
        self.all_is_well()


if __name__ == "__main__":
    PROGRAM = os.path.abspath(sys.argv.pop(1))
    if chromium.find() is None:
        print(f"skipped: there is no Chromium ({', '.join(chromium.NAMES)}); scripts/setup test installs one")
        sys.exit(77)
    unittest.main(verbosity=2)
