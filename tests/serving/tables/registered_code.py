"""The code that MLflow stores with a model of a table; the service does not run it."""

from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel


class Refusing(PythonModel):
    def load_context(self, context):
        raise AssertionError("the code of a registered model was run")

    def predict(self, context, model_input):
        raise AssertionError("the code of a registered model was run")


set_model(Refusing())
