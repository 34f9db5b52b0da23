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


K2_HEADER = (
    "pl_name,hostname,k2_name,epic_candname,default_flag,disposition,disp_refname,sy_pnum,"
    "discoverymethod,disc_year,soltype,pl_refname,pl_orbper,pl_orbpererr1,pl_trandep,pl_trandur,"
    "pl_rade,pl_radeerr1,pl_eqt,pl_insol,ttv_flag,st_refname,st_teff,st_rad,st_logg,ra,dec,"
    "rowupdate,releasedate"
)
K2_LEAKS = ("pl_name", "disp_refname", "pl_refname", "soltype", "ttv_flag", "pl_rade")
_K2_REFERENCES = ("Crossfield et al. 2016", "Mayo et al. 2018", "Kruse et al. 2019")


def k2_table(num_hosts: int = 90, *, max_planets: int = 3, max_rows: int = 3) -> str:
    """Like `k2pandc.csv`: one row for each publication of a planet, of several around a star.

    Deep transits of long duration are mostly those of other stars, so a model has something to
    learn.
    """
    draw = random.Random(3)
    lines = [K2_HEADER]
    for host in range(num_hosts):
        epic = 201_000_000 + 7_919 * host
        star = (
            f"{draw.gauss(5500, 700):.0f},{draw.uniform(0.5, 1.6):.3f},{draw.gauss(4.4, 0.2):.3f}"
        )
        place = f"{draw.uniform(0, 360):.6f},{draw.uniform(-25, 25):.6f}"
        num_planets = 1 + host % max_planets
        for planet in range(num_planets):
            lines += _k2_rows(draw, epic, planet, num_planets, star, place, max_rows)
    return "\n".join(lines) + "\n"


def _k2_rows(
    draw: random.Random,
    epic: int,
    planet: int,
    num_planets: int,
    star: str,
    place: str,
    max_rows: int,
) -> list[str]:
    """The publications of one planet, which agree on its disposition."""
    depth, hours = draw.lognormvariate(-2.5, 1), draw.uniform(1, 9)
    risk = depth * 4 + hours / 6 + draw.gauss(0, 0.4)
    refuted = "REFUTED" if draw.random() < 0.1 else "FALSE POSITIVE"
    label = refuted if risk > 1.6 else draw.choice(["CONFIRMED", "CONFIRMED", "CANDIDATE"])
    is_planet = label == "CONFIRMED"
    candidate = f"EPIC {epic}.{planet + 1:02d}"
    name = f"K2-{epic % 997} {'bcdefg'[planet]}" if is_planet else candidate
    period = draw.uniform(0.5, 60)
    rows = []
    for at in range(1 + (epic + planet) % max_rows):
        reference = _K2_REFERENCES[at % len(_K2_REFERENCES)]
        radius = f"{draw.uniform(0.7, 12):.2f}" if is_planet or draw.random() < 0.2 else ""
        rows.append(
            f"{name},EPIC {epic},{name if is_planet else ''},{candidate},{int(at == 0)},{label},"
            f"{reference if is_planet else 'Vanderburg et al. 2016'},{num_planets},Transit,"
            f"{2014 + epic % 6},Published {'Confirmed' if is_planet else 'Candidate'},{reference},"
            f"{period * draw.gauss(1, 1e-5):.6f},{period / 1e5:.3E},"
            f"{depth * draw.gauss(1, 0.03):.5f},{hours * draw.gauss(1, 0.03):.4f},"
            f"{radius},,{draw.gauss(800, 200):.0f},{draw.lognormvariate(3, 1):.2f},"
            f"{int(is_planet and draw.random() < 0.1)},{reference},{star},{place},"
            f"20{15 + at}-0{1 + planet}-1{at},2016-0{1 + planet}-2{at}"
        )
    return rows
