"""A real gRPC server in place of the prediction service, which answers every row alike."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc

from api.predictions.v1 import predictions_pb2 as v1
from tests.ports import LOOPBACK

SERVICE = "serving.v1.PredictionService"
CONTRIBUTIONS = {"age": 1.25, "smokes": 0.5, "height": -0.25}
BASE_VALUE = -0.5


@dataclass
class FakePredictions:
    """It keeps what it got; files are not read, and have two rows."""

    rows: list[dict[str, object]] = field(default_factory=list)
    files: list[bytes] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def predict(self, request: v1.PredictRequest, _: grpc.ServicerContext) -> v1.PredictResponse:
        with self._lock:
            self.rows += [
                {name: _python_value(cell) for name, cell in row.cells.items()}
                for row in request.rows
            ]
        return v1.PredictResponse(predictions=_answers(request.options, len(request.rows)))

    def predict_file(
        self, requests: Iterator[v1.PredictFileRequest], _: grpc.ServicerContext
    ) -> Iterator[v1.PredictFileResponse]:
        options, content = v1.PredictionOptions(), b""
        for request in requests:
            if request.HasField("header"):
                options = request.header.options
            else:
                content += request.content
        with self._lock:
            self.files.append(content)
        yield v1.PredictFileResponse(predictions=_answers(options, 2))


def _python_value(value: v1.Value) -> object:
    kind = value.WhichOneof("kind")
    return None if kind is None else getattr(value, kind)


def _answers(options: v1.PredictionOptions, num_rows: int) -> v1.Predictions:
    found = v1.Predictions(
        model=v1.TableModelVersion(name=options.model, version="1", run_id="a" * 32),
        target="outcome",
        classes=[v1.Value(text="ill"), v1.Value(text="well")],
        rows=[_answer(row, is_explained=options.explain) for row in range(1, num_rows + 1)],
    )
    if options.explain:
        found.explained.CopyFrom(
            v1.ExplanationFrame(
                features=list(CONTRIBUTIONS),
                model="catboost",
                adds_up_to="the log-odds of the class",
            )
        )
    return found


def _answer(row: int, *, is_explained: bool) -> v1.Prediction:
    answer = v1.Prediction(
        row=row, label=v1.Value(text="ill"), probabilities=[0.8, 0.2], confidence=0.8
    )
    answer.warnings.add(row=row, column="age", text="outside the range seen in training, 20 to 59")
    if is_explained:
        values = list(CONTRIBUTIONS.values())
        answer.explanation.CopyFrom(
            v1.Explanation(
                output="ill",
                base_value=BASE_VALUE,
                contributions=values,
                sum=BASE_VALUE + sum(values),
                reasons=["age is 70, which raises ill by 1.25"],
            )
        )
    return answer


@contextmanager
def fake_predictions(port: int) -> Iterator[FakePredictions]:
    service = FakePredictions()
    with ThreadPoolExecutor(4) as threads:
        server = grpc.server(threads)
        handlers = {
            "Predict": grpc.unary_unary_rpc_method_handler(
                service.predict,
                v1.PredictRequest.FromString,
                v1.PredictResponse.SerializeToString,
            ),
            "PredictFile": grpc.stream_stream_rpc_method_handler(
                service.predict_file,
                v1.PredictFileRequest.FromString,
                v1.PredictFileResponse.SerializeToString,
            ),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
        assert server.add_insecure_port(f"{LOOPBACK}:{port}") == port
        server.start()
        try:
            yield service
        finally:
            server.stop(None).wait()
