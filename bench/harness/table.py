"""The table of medians."""
import statistics

NAMES = {"first": "first load", "unchanged": "unchanged", "percent": "1 % changed",
         "recent": "last 1 % changed", "all": "all changed"}


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def show(value, form):
    return "" if value is None else format(value, form)


# What the side that reads waits for, then what the side that stores waits for.
STAGES = ("answer", "mapping", "room"), ("page", "database")


def show_waits(group):
    """The medians of the shares, in percent."""
    waits = [one["waits"] for one in group if one["waits"]]
    if not waits:
        return ""
    return ", ".join(" / ".join(show(median([one[stage] for one in waits]) * 100, ".0f")
                                for stage in side) for side in STAGES)


class Results:
    def __init__(self):
        self.all, self.given_up = [], []

    def add(self, **measured):
        self.all.append(measured)

    def give_up(self, contestant, analyzed, phase, rows):
        line = (f"{contestant}, {'with' if analyzed else 'without'} statistics, {NAMES[phase]}, "
                f"{rows:,} rows")
        if line not in self.given_up:
            self.given_up.append(line)

    def _of(self, **wanted):
        return [one for one in self.all
                if all(one[name] == value for name, value in wanted.items())]

    def _ratio(self, one, **other):
        """How many times the rate of another measurement of the same round."""
        found = self._of(rows=one["rows"], round=one["round"], **other)
        return found[0]["seconds"] / one["seconds"] if found else None

    def _cpu_ratio(self, one, copy):
        """CPU of client and server, in times of what \\copy of as many rows took."""
        found = self._of(rows=one["rows"], round=one["round"], contestant=copy,
                         statistics=one["statistics"])
        return ((one["cpu"] + one["server_cpu"]) / (found[0]["cpu"] + found[0]["server_cpu"])
                if found else None)

    def _line(self, group, copy, name):
        first = group[0]
        rows = first["rows"]

        def of(field, scale=1.0):
            return median([one[field] * scale if one[field] is not None else None
                           for one in group])
        to_copy = median([self._ratio(one, contestant=copy, phase="first",
                                      statistics=one["statistics"]) for one in group])
        to_first = median([self._ratio(one, contestant=one["contestant"], phase="first",
                                       statistics=one["statistics"]) for one in group])
        to_copys_cpu = median([self._cpu_ratio(one, copy) for one in group])
        rates = sorted(one["rows"] / one["seconds"] / 1000 for one in group)
        million = 1e6 / rows
        cells = [
            name, {True: "with", False: "without"}[first["statistics"]], NAMES[first["phase"]],
            show(median(rates), ".1f"), f"{rates[0]:.0f} to {rates[-1]:.0f}",
            show(to_copy, ".2f"), show(to_first, ".2f") if first["phase"] != "first" else "",
            show(to_copys_cpu, ".2f"), show(of("cpu", million), ".2f"), show(of("server_cpu", million), ".2f"),
            show(of("broker_cpu", million), ".2f"), show(of("wal", 1 / rows), ".0f"),
            show(of("record_wal"), ".0f"),
            " / ".join(str(int(median([one["written"][i] for one in group]))) for i in range(3)),
            show(of("peak_kb", 1 / 1024), ".0f"), show(of("requests"), ".0f"),
            show(of("overhead"), ".2f"), show_waits(group)]
        return "| " + " | ".join(cells) + " |"

    def table(self, copy):
        heads = ["", "statistics", "phase", "1000 rows/s", "range", r"of `\copy`", "of first load",
                 r"all CPU / `\copy`'s", "own CPU s/M", "PG CPU s/M", "broker CPU s/M", "WAL B/row", "record WAL B",
                 "tuples ins / upd / del", "RSS MB", "requests", "start s",
                 "waits %: answer / mapping / room, page / database"]
        several = len({one["rows"] for one in self.all}) > 1
        groups = {}
        for one in self.all:
            key = (one["contestant"], one["statistics"], one["phase"], one["rows"])
            groups.setdefault(key, []).append(one)
        if several:  # each phase at all sizes, one below the other
            order = list(NAMES)
            names = list(dict.fromkeys(key[0] for key in groups))
            keys = sorted(groups, key=lambda key: (names.index(key[0]), not key[1],
                                                   order.index(key[2]), key[3]))
        else:
            keys = list(groups)
        out = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
        for key in keys:
            name = f"{key[0]}, {key[3]:,} rows" if several else key[0]
            out.append(self._line(groups[key], copy, name))
        return "\n".join(out)

    def goals(self, copy, node):
        """What affsync has to reach, beside what it reached; the worst of all sizes."""
        def ratio(name, measured, other, other_phase):
            def value(analyzed):
                by_size = {}
                for one in self._of(contestant=name, phase=measured, statistics=analyzed):
                    by_size.setdefault(one["rows"], []).append(self._ratio(
                        one, contestant=other, phase=other_phase, statistics=analyzed))
                return min((m for m in map(median, by_size.values()) if m), default=None)
            return value

        def million(name, measured):
            def value(analyzed):
                largest = max(one["rows"] for one in self.all)
                return median([one["cpu"] * 1e6 / largest for one in self._of(
                    contestant=name, phase=measured, statistics=analyzed, rows=largest)])
            return value

        out = ["| | goal | without statistics | with |", "|---|---|---|---|"]
        for name in dict.fromkeys(one["contestant"] for one in self.all):
            if not name.startswith("affsync"):
                continue
            for what, goal, value in (
                    (r"first load, of `\copy`", "0.9", ratio(name, "first", copy, "first")),
                    ("first load, of Node's", "2", ratio(name, "first", node, "first")),
                    ("unchanged, of a first load", "4", ratio(name, "unchanged", name, "first")),
                    ("1 % changed, of unchanged", "0.9",
                     ratio(name, "percent", name, "unchanged")),
                    ("all changed, of a first load", "0.5", ratio(name, "all", name, "first")),
                    ("own CPU s/M, first load", "at most 5", million(name, "first")),
                    ("own CPU s/M, unchanged", "at most 2.5", million(name, "unchanged"))):
                cells = [show(value(analyzed), ".2f") for analyzed in (False, True)]
                if any(cells):
                    out.append(f"| {name}: {what} | {goal} | {cells[0]} | {cells[1]} |")
        return "\n".join(out)

    def flatness(self):
        """Microseconds of wall time and of all CPU together for each row, at each size."""
        groups = {}
        for one in self.all:
            key = (one["contestant"], one["statistics"], one["phase"])
            groups.setdefault(key, {}).setdefault(one["rows"], []).append(one)
        sizes = sorted({one["rows"] for one in self.all})
        heads = ["", "statistics", "phase", *(f"{size:,}" for size in sizes), "largest / smallest"]
        out = ["Microseconds a row, wall (CPU of client and server):", "",
               "| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
        for (name, analyzed, phase), by_size in groups.items():
            walls, works, cells = [], [], []
            for size in sizes:
                group = by_size.get(size, [])
                wall = median([one["seconds"] / size * 1e6 for one in group])
                work = median([(one["cpu"] + one["server_cpu"]) / size * 1e6 for one in group])
                walls += [wall] if wall else []
                works += [work] if wall else []
                cells.append(f"{wall:.1f} ({work:.1f})" if wall else "")
            out.append("| " + " | ".join([
                name, "with" if analyzed else "without", NAMES[phase], *cells,
                f"{max(walls) / min(walls):.2f} ({max(works) / min(works):.2f})"]) + " |")
        return "\n".join(out)
