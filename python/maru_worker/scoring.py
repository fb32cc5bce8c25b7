"""Answers calls with an MLflow model: tensors in and out, or a body of MLflow's scoring protocol."""

import json
import struct

import numpy as np

DTYPES = {
    "BOOL": "?", "UINT8": "u1", "UINT16": "u2", "UINT32": "u4", "UINT64": "u8", "INT8": "i1", "INT16": "i2", "INT32": "i4",
    "INT64": "i8", "FP16": "f2", "FP32": "f4", "FP64": "f8",
}  # fmt: skip
NAMES = {np.dtype(code): name for name, code in DTYPES.items()}
PREDICTIONS = "predictions"  # the output's name where the model has none


class Refused(Exception):
    """The caller's mistake."""


class Model:
    def __init__(self, folder):
        import mlflow.pyfunc

        self._model = mlflow.pyfunc.load_model(folder)
        self._inputs = self._model.metadata.get_input_schema()
        self._outputs = self._model.metadata.get_output_schema()

    def answer(self, header, payload):
        """The header and the pieces of the reply to one call."""
        if header["op"] == "invoke":
            return self._invoke(header["content_type"], bytes(payload))
        arrays = list(read_tensors(header["inputs"], payload))
        from mlflow.exceptions import MlflowException

        try:
            result = self._model.predict(self._arrange(arrays))
        except MlflowException as error:
            raise Refused(error.message) from error
        except (ValueError, TypeError, KeyError) as error:
            raise Refused(f"the model refuses the values: {error}") from error
        wanted = header.get("outputs") or []
        tensors, pieces = [], []
        for name, array in self._outputs_of(result):
            if wanted and name not in wanted:
                continue
            tensor, piece = write_tensor(name, array)
            tensors.append(tensor)
            pieces += [piece, b"\0" * (-len(piece) % 8)]
        for name in wanted:
            if not any(tensor["name"] == name for tensor in tensors):
                raise Refused(f'the model has no output "{name}"')
        return {"ok": True, "outputs": tensors}, pieces

    def _arrange(self, arrays):
        """The tensors as the model's own library wants them: an array, arrays by name, or a data frame."""
        import pandas as pd

        schema = self._inputs
        if schema is None:
            if len(arrays) == 1:
                return arrays[0][1]
            if all(array.ndim == 1 or array.shape[1:] == (1,) for _, array in arrays):
                return pd.DataFrame({name: array.reshape(-1) for name, array in arrays})
            return dict(arrays)
        if schema.is_tensor_spec():
            return dict(arrays) if schema.has_input_names() else arrays[0][1]
        names = schema.input_names()
        if len(arrays) == 1 and arrays[0][0] not in names and arrays[0][1].ndim == 2:
            columns = {name: arrays[0][1][:, i] for i, name in enumerate(names)}
        else:
            columns = {name: array.reshape(-1) for name, array in arrays}
        return pd.DataFrame({name: self._column(name, array) for name, array in columns.items()})

    def _column(self, name, array):
        """Numbers become the column's own type where nothing but precision changes; the model's library checks the rest."""
        import pandas as pd

        column = self._inputs.input_dict().get(name)
        kind = getattr(column.type, "name", "") if column is not None else ""
        if kind == "datetime":
            return pd.to_datetime(array)
        if kind == "binary":
            return [value.encode() if isinstance(value, str) else value for value in array]
        if kind in ("integer", "long", "float", "double") and array.dtype.kind in "iuf":
            target = column.type.to_numpy()
            if np.can_cast(array.dtype, target, "same_kind") or target.kind == "f":
                return array.astype(target)
        return array

    def _outputs_of(self, result):
        import pandas as pd

        if isinstance(result, pd.DataFrame):
            return [(str(column), result[column].to_numpy()) for column in result.columns]
        if isinstance(result, dict):
            return [(str(name), np.asarray(value)) for name, value in result.items()]
        if isinstance(result, pd.Series):
            result = result.to_numpy()
        if hasattr(result, "toarray"):  # sparse
            result = result.toarray()
        if isinstance(result, (list, tuple)) and any(isinstance(item, (dict, list, tuple)) for item in result):
            try:
                result = np.asarray(result, dtype=np.float64)
            except (ValueError, TypeError):
                result = np.asarray([json.dumps(item, default=str) for item in result], dtype=object)
        names = self._outputs.input_names() if self._outputs is not None and self._outputs.has_input_names() else []
        return [(names[0] if len(names) == 1 else PREDICTIONS, np.asarray(result))]

    def _invoke(self, content_type, body):
        from mlflow.exceptions import MlflowException
        from mlflow.pyfunc import scoring_server

        try:
            if not content_type.startswith("application/vnd.apache.parquet"):
                body = body.decode()
            reply = scoring_server.invocations(body, content_type, self._model, self._inputs)
            return {"ok": True, "status": reply.status, "content_type": reply.mimetype}, [reply.response.encode()]
        except UnicodeDecodeError as error:
            return self._mlflow_error("BAD_REQUEST", f"the body is not UTF-8: {error}", 400)
        except MlflowException as error:
            if trace := getattr(error, "json_kwargs", {}).get("stack_trace"):
                print(trace)  # for the log; callers get the reason only
            return self._mlflow_error(error.error_code, error.message, error.get_http_status_code())

    @staticmethod
    def _mlflow_error(code, message, status):
        body = json.dumps({"error_code": code, "message": message}).encode()
        return {"ok": True, "status": status, "content_type": "application/json"}, [body]


def read_tensors(tensors, payload):
    offset = 0
    for tensor in tensors:
        data = payload[offset : offset + tensor["bytes"]]
        offset += tensor["bytes"] + (-tensor["bytes"] % 8)
        if tensor["datatype"] == "BYTES":
            array = np.array(list(texts(data)), dtype=object)
        elif tensor["datatype"] == "BF16":
            array = (np.frombuffer(data, dtype="<u2").astype("<u4") << 16).view("<f4")
        else:
            array = np.frombuffer(data, dtype=DTYPES[tensor["datatype"]])
        yield tensor["name"], array.reshape(tensor["shape"])


def texts(data):
    offset = 0
    while offset < len(data):
        (length,) = struct.unpack_from("<I", data, offset)
        offset += 4
        piece = bytes(data[offset : offset + length])
        offset += length
        try:
            yield piece.decode()
        except UnicodeDecodeError:
            yield piece


def write_tensor(name, array):
    if array.dtype not in NAMES:
        flat = []
        for value in array.reshape(-1):
            piece = value if isinstance(value, bytes) else str(value).encode()
            flat.append(struct.pack("<I", len(piece)) + piece)
        data, datatype = b"".join(flat), "BYTES"
    else:
        data, datatype = np.ascontiguousarray(array).reshape(-1).view(np.uint8).data, NAMES[array.dtype]
    return {"name": name, "datatype": datatype, "shape": list(array.shape), "bytes": len(data)}, data
