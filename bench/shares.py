#!/usr/bin/env python3
"""What SimGrid's network model says of transfers that share links, for the test that holds ours to it.

usage: shares.py PEER_SHARES >tests/simulator/simgrid_shares.txt
"""
import random
import subprocess
import sys

SCENARIOS = 200


def scenario(dice):
    links = dice.randint(1, 5)
    lines = ["rates " + " ".join(str(dice.choice((10, 50, 100, 250, 1000, dice.randint(1, 2000)))) for _ in range(links))]
    for _ in range(dice.randint(1, 12)):
        start = dice.choice((0, 0, dice.randint(0, 60_000)))
        through = sorted(dice.sample(range(links), dice.randint(1, links)))
        lines.append(f"{start} {dice.randint(1, 500)} " + " ".join(map(str, through)))
    return "\n".join(lines) + "\n"


def main():
    dice = random.Random(20261126)
    print("# Made by bench/shares.py: rates in Mbps; then, of each transfer, start in ms, size in MB, the rates it goes\n"
          "# through, and when it ended in SimGrid 3.32, in ms.")
    for _ in range(SCENARIOS):
        text = scenario(dice)
        said = subprocess.run([sys.argv[1]], input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=True).stdout
        print("\n" + text.splitlines()[0] + "\n" + said, end="")


if __name__ == "__main__":
    main()
