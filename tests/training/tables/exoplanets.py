"""Small tables with the columns of NASA's exoplanet archive that matter here."""

import random


def kepler_table(num_stars: int = 60) -> str:
    """Like `cumulative.csv`: two dispositions, of which one is that of the pipeline."""
    draw = random.Random(1)
    header = (
        "kepid,kepoi_name,kepler_name,koi_disposition,koi_pdisposition,koi_score,koi_fpflag_nt,"
        "koi_period,koi_period_err1,koi_teq_err1,koi_prad"
    )
    lines = [header]
    for star in range(num_stars):
        for planet in range(1 + star % 3):
            label = draw.choice(["CONFIRMED", "CANDIDATE", "FALSE POSITIVE"])
            first = "FALSE POSITIVE" if label == "FALSE POSITIVE" else "CANDIDATE"
            name = f"Kepler-{star} {'bcd'[planet]}" if label == "CONFIRMED" else ""
            period = draw.uniform(1, 400)
            lines.append(
                f"{10_000_000 + 37 * star},K{star:05d}.0{planet + 1},{name},{label},{first},"
                f"{draw.random():.3f},{int(label == 'FALSE POSITIVE')},{period:.6f},"
                f"{period / 1e5:.3E},,{draw.uniform(0.5, 20):.2f}"
            )
    return "\n".join(lines) + "\n"


def tess_table(num_rows: int = 80) -> str:
    """Like `TOI.csv`."""
    draw = random.Random(2)
    lines = ["toi,tid,tfopwg_disp,pl_orbper,pl_orbperlim,toi_created"]
    lines += [
        f"{1000 + row}.01,{50_365_310 + 7 * (row // 2)},"
        f"{draw.choice(['PC', 'FP', 'CP', 'KP', 'APC', 'FA'])},{draw.uniform(1, 40):.5f},0,"
        f"2019-07-{1 + row % 28:02d} 15:58:33"
        for row in range(num_rows)
    ]
    return "\n".join(lines) + "\n"
