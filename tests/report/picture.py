#!/usr/bin/env python3
"""Draws a page as a PNG, for the documents: picture.py PAGE OUT WIDTH HEIGHT"""
import base64
import os
import sys
import tempfile

import chromium

page, out, width, height = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
with tempfile.TemporaryDirectory() as folder:
    browser = chromium.Chromium(chromium.find(), folder)
    browser.call("Emulation.setScrollbarsHidden", hidden=True)
    browser.open(os.path.abspath(page), width, height)
    picture = browser.call("Page.captureScreenshot", format="png")["data"]
    browser.close()
with open(out, "wb") as file:
    file.write(base64.b64decode(picture))
