#include "maru/api/mlflow/scoring_request.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <new>
#include <utility>
#include <vector>

#include "maru/json/json.h"

namespace maru::api::mlflow {
namespace {

using json::Element;
using json::Kind;
using serving::DataType;
using serving::Tensor;
using serving::TensorSpec;

constexpr std::string_view kForms[] = {"dataframe_split", "dataframe_records", "instances", "inputs"};

// A data frame as it was sent. Cells are row-major; one that a record lacks is empty.
struct Frame {
  std::vector<std::string> columns;
  std::vector<std::optional<Element>> cells;
  std::size_t rows = 0;

  std::optional<std::size_t> Column(std::string_view name) const {
    const auto at = std::find(columns.begin(), columns.end(), name);
    return at == columns.end() ? std::nullopt : std::optional<std::size_t>(at - columns.begin());
  }
};

std::string NameOf(const Element& item) {
  return item.kind() == Kind::kString ? std::string(item.AsString()) : item.Dump();
}

Result<Frame> ReadSplit(const Element& split) {
  if (split.kind() != Kind::kObject)
    return InvalidArgument("\"dataframe_split\" must be an object with columns and data");
  Frame frame;
  std::optional<Element> columns, data;
  split.ForEachField([&](std::string_view name, Element value) {
    if (name == "columns") columns = value;
    if (name == "data") data = value;
    return true;
  });
  if (!data || data->kind() != Kind::kArray) return InvalidArgument("\"dataframe_split\" has no array \"data\"");
  if (columns && columns->kind() == Kind::kArray) {
    columns->ForEachItem([&](std::size_t, Element item) {
      frame.columns.push_back(NameOf(item));
      return true;
    });
  }
  Status status;
  data->ForEachItem([&](std::size_t row, Element cells) {
    if (cells.kind() != Kind::kArray) {
      status = InvalidArgument("row {} of \"data\" is {}; expected an array", row, json::KindName(cells.kind()));
      return false;
    }
    const std::size_t count = cells.ArraySize();
    while (row == 0 && !columns && frame.columns.size() < count) {
      frame.columns.push_back(std::to_string(frame.columns.size()));
    }
    if (count != frame.columns.size()) {
      status = InvalidArgument("row {} of \"data\" has {} values for {} columns", row, count, frame.columns.size());
      return false;
    }
    cells.ForEachItem([&](std::size_t, Element cell) {
      frame.cells.emplace_back(cell);
      return true;
    });
    ++frame.rows;
    return true;
  });
  MARU_RETURN_IF_ERROR(status);
  return frame;
}

Result<Frame> ReadRecords(const Element& records) {
  if (records.kind() != Kind::kArray) return InvalidArgument("records must be an array of objects");
  Frame frame;
  Status status;
  records.ForEachItem([&](std::size_t row, Element record) {
    if (record.kind() != Kind::kObject) {
      status = InvalidArgument("record {} is {}; expected an object", row, json::KindName(record.kind()));
      return false;
    }
    record.ForEachField([&](std::string_view name, Element) {
      if (!frame.Column(name)) frame.columns.emplace_back(name);
      return true;
    });
    ++frame.rows;
    return true;
  });
  MARU_RETURN_IF_ERROR(status);
  frame.cells.resize(frame.rows * frame.columns.size());
  records.ForEachItem([&](std::size_t row, Element record) {
    record.ForEachField([&](std::string_view name, Element value) {
      frame.cells[row * frame.columns.size() + *frame.Column(name)] = value;
      return true;
    });
    return true;
  });
  return frame;
}

template <typename T>
bool ReadCell(const std::optional<Element>& cell, T& to) {
  const Kind kind = cell ? cell->kind() : Kind::kNull;
  switch (kind) {
    case Kind::kBool:
      to = static_cast<T>(cell->AsBool());
      return true;
    case Kind::kNull:
      if constexpr (std::is_floating_point_v<T>) {
        to = std::numeric_limits<T>::quiet_NaN();
        return true;
      }
      return false;
    case Kind::kInt:
    case Kind::kUint:
    case Kind::kDouble:
      break;
    default:
      return false;
  }
  if constexpr (std::is_floating_point_v<T>) {
    to = static_cast<T>(cell->AsDouble());
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    const double value = cell->AsDouble();
    to = value == 1;
    return value == 0 || value == 1;
  } else {
    if (kind == Kind::kInt) {
      to = static_cast<T>(cell->AsInt());
      return std::in_range<T>(cell->AsInt());
    }
    if (kind == Kind::kUint) {
      to = static_cast<T>(cell->AsUint());
      return std::in_range<T>(cell->AsUint());
    }
    const double value = cell->AsDouble();  // 3.0 is an integer to writers of floating-point columns
    if (value != std::trunc(value) || std::abs(value) > 9e15 || !std::in_range<T>(static_cast<std::int64_t>(value))) {
      return false;
    }
    to = static_cast<T>(value);
    return true;
  }
}

class Arranger {
 public:
  Arranger(const serving::ModelMetadata& model, const serving::Signature& signature, serving::Arena& arena,
           serving::InferRequest& request)
      : model_(model), signature_(signature), arena_(arena), request_(request) {}

  Status AddFrame(const Frame& frame) {
    MARU_ASSIGN_OR_RETURN(const std::vector<std::size_t> columns, WantedColumns(frame));
    if (model_.inputs.size() == 1) return AddTable(frame, columns, model_.inputs[0]);
    for (const TensorSpec& spec : model_.inputs) {
      const auto column = frame.Column(spec.name);
      if (!column) return InvalidArgument("Model is missing inputs ['{}'].", spec.name);
      MARU_RETURN_IF_ERROR(AddTable(frame, {*column}, spec));
    }
    return OkStatus();
  }

  // A tensor from nested arrays, whose lengths make its shape.
  Status AddNested(const TensorSpec& spec, const Element& value) {
    Tensor& tensor = request_.inputs.emplace_back();
    tensor.name = spec.name;
    tensor.type = spec.type;
    std::optional<Element> level = value;
    while (level && level->kind() == Kind::kArray) {
      tensor.shape.push_back(static_cast<std::int64_t>(level->ArraySize()));
      std::optional<Element> first;
      level->ForEachItem([&](std::size_t, Element item) {
        first = item;
        return false;
      });
      level = first;
    }
    if (!IsRegular(value, tensor.shape)) return InvalidArgument("input \"{}\": its rows differ in length", spec.name);
    MARU_ASSIGN_OR_RETURN(const std::int64_t count, serving::ElementCount(tensor.shape));
    std::vector<std::optional<Element>> cells;
    Flatten(value, cells);
    return Fill(spec, cells, static_cast<std::size_t>(count), tensor);
  }

 private:
  Result<std::vector<std::size_t>> WantedColumns(const Frame& frame) const {
    std::vector<std::size_t> wanted;
    if (signature_.inputs.known && !signature_.inputs.tensors) {
      std::string missing;
      for (const TensorSpec& field : signature_.inputs.fields) {
        if (const auto column = frame.Column(field.name))
          wanted.push_back(*column);
        else if (field.required)
          missing += (missing.empty() ? "'" : ", '") + field.name + "'";
      }
      if (!missing.empty())
        return InvalidArgument("Failed to enforce schema of data: Model is missing inputs [{}].", missing);
      return wanted;
    }
    for (std::size_t i = 0; i < frame.columns.size(); ++i) wanted.push_back(i);
    return wanted;
  }

  Status AddTable(const Frame& frame, const std::vector<std::size_t>& columns, const TensorSpec& spec) {
    Tensor& tensor = request_.inputs.emplace_back();
    tensor.name = spec.name;
    tensor.type = spec.type;
    tensor.shape = {static_cast<std::int64_t>(frame.rows)};
    if (spec.shape.size() != 1 || columns.size() != 1)
      tensor.shape.push_back(static_cast<std::int64_t>(columns.size()));
    std::vector<std::optional<Element>> cells;
    cells.reserve(frame.rows * columns.size());
    for (std::size_t row = 0; row < frame.rows; ++row) {
      for (const std::size_t column : columns) cells.push_back(frame.cells[row * frame.columns.size() + column]);
    }
    return Fill(spec, cells, cells.size(), tensor);
  }

  static bool IsRegular(const Element& value, std::span<const std::int64_t> shape) {
    if (shape.empty()) return value.kind() != Kind::kArray;
    if (value.kind() != Kind::kArray || static_cast<std::int64_t>(value.ArraySize()) != shape[0]) return false;
    bool regular = true;
    value.ForEachItem([&](std::size_t, Element item) { return regular = IsRegular(item, shape.subspan(1)); });
    return regular;
  }

  static void Flatten(const Element& value, std::vector<std::optional<Element>>& cells) {
    if (value.kind() != Kind::kArray) {
      cells.emplace_back(value);
      return;
    }
    value.ForEachItem([&](std::size_t, Element item) {
      Flatten(item, cells);
      return true;
    });
  }

  template <typename T>
  Status FillNumbers(const TensorSpec& spec, std::span<const std::optional<Element>> cells, Tensor& tensor) {
    const std::span<T> numbers = arena_.AllocateArray<T>(cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (!ReadCell(cells[i], numbers[i])) return CannotConvert(spec, i, cells[i]);
    }
    tensor.data = std::as_bytes(numbers);
    return OkStatus();
  }

  static Status CannotConvert(const TensorSpec& spec, std::size_t index, const std::optional<Element>& cell) {
    return InvalidArgument("input \"{}\": value {} is {}, which cannot become {}", spec.name, index,
                           cell ? cell->Dump().substr(0, 60) : "missing", serving::DataTypeName(spec.type));
  }

  template <std::uint16_t (*Round)(float)>
  Status FillHalves(const TensorSpec& spec, std::span<const std::optional<Element>> cells, Tensor& tensor) {
    const std::span<std::uint16_t> halves = arena_.AllocateArray<std::uint16_t>(cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      float wide = 0;
      if (!ReadCell(cells[i], wide)) return CannotConvert(spec, i, cells[i]);
      halves[i] = Round(wide);
    }
    tensor.data = std::as_bytes(halves);
    return OkStatus();
  }

  Status Fill(const TensorSpec& spec, std::span<const std::optional<Element>> cells, std::size_t count,
              Tensor& tensor) {
    if (cells.size() != count) return InvalidArgument("input \"{}\": its rows differ in length", spec.name);
    switch (spec.type) {
      case DataType::kBool:
        return FillNumbers<bool>(spec, cells, tensor);
      case DataType::kUint8:
        return FillNumbers<std::uint8_t>(spec, cells, tensor);
      case DataType::kUint16:
        return FillNumbers<std::uint16_t>(spec, cells, tensor);
      case DataType::kUint32:
        return FillNumbers<std::uint32_t>(spec, cells, tensor);
      case DataType::kUint64:
        return FillNumbers<std::uint64_t>(spec, cells, tensor);
      case DataType::kInt8:
        return FillNumbers<std::int8_t>(spec, cells, tensor);
      case DataType::kInt16:
        return FillNumbers<std::int16_t>(spec, cells, tensor);
      case DataType::kInt32:
        return FillNumbers<std::int32_t>(spec, cells, tensor);
      case DataType::kInt64:
        return FillNumbers<std::int64_t>(spec, cells, tensor);
      case DataType::kFp16:
        return FillHalves<serving::FloatToHalf>(spec, cells, tensor);
      case DataType::kBf16:
        return FillHalves<serving::FloatToBfloat16>(spec, cells, tensor);
      case DataType::kFp32:
        return FillNumbers<float>(spec, cells, tensor);
      case DataType::kFp64:
        return FillNumbers<double>(spec, cells, tensor);
      case DataType::kBytes:
        break;
    }
    const auto strings = arena_.AllocateArray<std::string_view>(cells.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (!cells[i] || cells[i]->kind() != Kind::kString) return CannotConvert(spec, i, cells[i]);
      new (&strings[i]) std::string_view(arena_.Copy(cells[i]->AsString()));
    }
    tensor.strings = strings;
    return OkStatus();
  }

  const serving::ModelMetadata& model_;
  const serving::Signature& signature_;
  serving::Arena& arena_;
  serving::InferRequest& request_;
};

// {"name": nested arrays, …}, or {"column": [values], …} when the names are the columns of a model with one input.
Status AddByName(const serving::ModelMetadata& model, const Element& inputs, Arranger& arranger,
                 std::optional<std::size_t>& frame_rows) {
  bool all_inputs = true;
  inputs.ForEachField([&](std::string_view name, Element) { return all_inputs = model.Input(name) != nullptr; });
  Status status;
  if (all_inputs) {
    inputs.ForEachField([&](std::string_view name, Element value) {
      status = arranger.AddNested(*model.Input(name), value);
      return status.ok();
    });
    return status;
  }
  Frame frame;
  inputs.ForEachField([&](std::string_view name, Element value) {
    if (value.kind() != Kind::kArray || (!frame.columns.empty() && value.ArraySize() != frame.rows)) {
      status = InvalidArgument("column \"{}\" must be an array as long as the others", name);
      return false;
    }
    frame.columns.emplace_back(name);
    frame.rows = value.ArraySize();
    return true;
  });
  MARU_RETURN_IF_ERROR(status);
  frame.cells.resize(frame.rows * frame.columns.size());
  inputs.ForEachField([&](std::string_view name, Element value) {
    value.ForEachItem([&](std::size_t row, Element item) {
      frame.cells[row * frame.columns.size() + *frame.Column(name)] = item;
      return true;
    });
    return true;
  });
  frame_rows = frame.rows;
  return arranger.AddFrame(frame);
}

Status AddTensors(const serving::ModelMetadata& model, std::string_view form, const Element& value, Arranger& arranger,
                  std::optional<std::size_t>& frame_rows) {
  if (value.kind() == Kind::kObject && form == "inputs") return AddByName(model, value, arranger, frame_rows);
  if (value.kind() != Kind::kArray)
    return InvalidArgument("\"{}\" must be an array{}", form, form == "inputs" ? " or an object" : "");
  bool records = false;
  value.ForEachItem([&](std::size_t, Element item) {
    records = item.kind() == Kind::kObject;
    return false;
  });
  if (records) {
    MARU_ASSIGN_OR_RETURN(const Frame frame, ReadRecords(value));
    frame_rows = frame.rows;
    return arranger.AddFrame(frame);
  }
  if (model.inputs.size() != 1) {
    return InvalidArgument("the model has {} inputs; send {{\"inputs\": {{\"name\": […], …}}}}", model.inputs.size());
  }
  return arranger.AddNested(model.inputs[0], value);
}

}  // namespace

Status DecodeScoring(std::string_view content_type, std::string_view body, const serving::ModelMetadata& model,
                     const serving::Signature& signature, serving::Arena& arena, serving::InferRequest& request,
                     std::optional<std::size_t>& frame_rows) {
  std::string converted;
  if (content_type.starts_with("text/csv")) {
    MARU_ASSIGN_OR_RETURN(converted, CsvAsJson(body));
    body = converted;
  }
  MARU_ASSIGN_OR_RETURN(const Element root, json::Parse(body));
  std::string_view form;
  std::optional<Element> value;
  std::size_t forms = 0;
  if (root.kind() == Kind::kObject) {
    root.ForEachField([&](std::string_view name, Element field) {
      if (const auto at = std::find(std::begin(kForms), std::end(kForms), name); at != std::end(kForms)) {
        form = *at;
        value = field;
        ++forms;
      }
      return true;
    });
  }
  if (forms != 1) {
    return InvalidArgument(
        "The input must be a JSON dictionary with exactly one of the input fields dataframe_split, dataframe_records, "
        "instances, inputs");
  }
  Arranger arranger(model, signature, arena, request);
  if (form == "instances" || form == "inputs") return AddTensors(model, form, *value, arranger, frame_rows);
  MARU_ASSIGN_OR_RETURN(const Frame frame, form == "dataframe_split" ? ReadSplit(*value) : ReadRecords(*value));
  frame_rows = frame.rows;
  return arranger.AddFrame(frame);
}

}  // namespace maru::api::mlflow
