#include "maru/registry/model_events.h"

#include <fmt/format.h>

#include "maru/json/json.h"

namespace maru::registry {
namespace {

// MLflow writes what is absent as null, so those members are Raw.
json::Raw OrNull(std::string_view text) {
  return text.empty() ? json::Raw{} : json::Raw{json::Quote(text)};
}

struct ModelPayload {
  std::string name;
  Tags tags;
  std::string description;
};
BOOST_DESCRIBE_STRUCT(ModelPayload, (), (name, tags, description))

struct NamePayload {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(NamePayload, (), (name))

struct RenamePayload {
  std::string name, new_name;
};
BOOST_DESCRIBE_STRUCT(RenamePayload, (), (name, new_name))

struct ModelTagPayload {
  std::string name, key, value;
};
BOOST_DESCRIBE_STRUCT(ModelTagPayload, (), (name, key, value))

struct ModelTagKeyPayload {
  std::string name, key;
};
BOOST_DESCRIBE_STRUCT(ModelTagKeyPayload, (), (name, key))

struct VersionPayload {
  std::string name, version, source;
  json::Raw run_id;
  Tags tags;
  json::Raw description;
};
BOOST_DESCRIBE_STRUCT(VersionPayload, (), (name, version, source, run_id, tags, description))

struct PromptVersionPayload {
  std::string name, version;
  json::Raw template_text;  // goes out as "template", a word that C++ keeps for itself
  Tags tags;
  json::Raw description;
};

struct VersionNamePayload {
  std::string name, version;
};
BOOST_DESCRIBE_STRUCT(VersionNamePayload, (), (name, version))

struct StagePayload {
  std::string name, version, from_stage, to_stage;
};
BOOST_DESCRIBE_STRUCT(StagePayload, (), (name, version, from_stage, to_stage))

struct VersionTagPayload {
  std::string name, version, key, value;
};
BOOST_DESCRIBE_STRUCT(VersionTagPayload, (), (name, version, key, value))

struct VersionTagKeyPayload {
  std::string name, version, key;
};
BOOST_DESCRIBE_STRUCT(VersionTagKeyPayload, (), (name, version, key))

struct AliasPayload {
  std::string name, alias, version;
};
BOOST_DESCRIBE_STRUCT(AliasPayload, (), (name, alias, version))

struct AliasNamePayload {
  std::string name, alias;
};
BOOST_DESCRIBE_STRUCT(AliasNamePayload, (), (name, alias))

template <typename Payload>
std::string Text(const Payload& payload) {
  return json::Encode(payload);
}

std::string Text(const PromptVersionPayload& p) {
  return fmt::format(R"({{"name":{},"version":{},"template":{},"tags":{},"description":{}}})", json::Quote(p.name),
                     json::Quote(p.version), p.template_text.text, json::Encode(p.tags), p.description.text);
}

std::string ModelAddress(std::string_view name) {
  return fmt::format("model/{}", name);
}
std::string VersionAddress(std::string_view name, std::int64_t version) {
  return fmt::format("model/{}/{}", name, version);
}

std::string_view ModelNoun(bool prompt) {
  return prompt ? "prompt" : "registered_model";
}
std::string_view VersionNoun(bool prompt) {
  return prompt ? "prompt_version" : "model_version";
}

}  // namespace

template <typename Payload>
Status ModelEvents::Append(std::string_view noun, std::string_view verb, std::string_view subject,
                           const Payload& payload) {
  return log_.Append(writer_, caller_, fmt::format("{}.{}", noun, verb), subject, Text(payload));
}

Status ModelEvents::ModelCreated(bool prompt, std::string_view name, const Tags& tags, std::string_view description) {
  ModelPayload payload{std::string(name), tags, std::string(description)};
  if (prompt) {
    payload.tags.erase(kIsPromptTag);
    payload.tags.erase(kPromptTypeTag);
  }
  return Append(ModelNoun(prompt), "created", ModelAddress(name), payload);
}

Status ModelEvents::ModelUpdated(bool prompt, std::string_view name) {
  return Append(ModelNoun(prompt), "updated", ModelAddress(name), NamePayload{std::string(name)});
}

Status ModelEvents::ModelRenamed(bool prompt, std::string_view name, std::string_view new_name) {
  return Append(ModelNoun(prompt), "renamed", ModelAddress(name),
                RenamePayload{std::string(name), std::string(new_name)});
}

Status ModelEvents::ModelDeleted(bool prompt, std::string_view name) {
  return Append(ModelNoun(prompt), "deleted", ModelAddress(name), NamePayload{std::string(name)});
}

Status ModelEvents::ModelTagSet(bool prompt, std::string_view name, std::string_view key, std::string_view value) {
  return Append(prompt ? "prompt_tag" : "registered_model_tag", "set", ModelAddress(name),
                ModelTagPayload{std::string(name), std::string(key), std::string(value)});
}

Status ModelEvents::ModelTagDeleted(bool prompt, std::string_view name, std::string_view key) {
  return Append(prompt ? "prompt_tag" : "registered_model_tag", "deleted", ModelAddress(name),
                ModelTagKeyPayload{std::string(name), std::string(key)});
}

Status ModelEvents::VersionCreated(bool prompt, const ModelVersion& version) {
  const std::string subject = VersionAddress(version.name, version.version);
  const std::string number = std::to_string(version.version);
  const json::Raw description = OrNull(version.description.value_or(""));
  if (!prompt) {
    return Append(
        "model_version", "created", subject,
        VersionPayload{version.name, number, version.source, OrNull(version.run_id), version.tags, description});
  }
  PromptVersionPayload payload{version.name, number, {}, version.tags, description};
  if (const auto text = payload.tags.find(kPromptTextTag); text != payload.tags.end()) {
    payload.template_text.text = json::Quote(text->second);
    payload.tags.erase(text);
  }
  payload.tags.erase(kIsPromptTag);
  payload.tags.erase(kPromptTypeTag);
  return Append("prompt_version", "created", subject, payload);
}

Status ModelEvents::VersionUpdated(bool prompt, std::string_view name, std::int64_t version) {
  return Append(VersionNoun(prompt), "updated", VersionAddress(name, version),
                VersionNamePayload{std::string(name), std::to_string(version)});
}

Status ModelEvents::VersionDeleted(bool prompt, std::string_view name, std::int64_t version) {
  return Append(VersionNoun(prompt), "deleted", VersionAddress(name, version),
                VersionNamePayload{std::string(name), std::to_string(version)});
}

Status ModelEvents::StageChanged(std::string_view name, std::int64_t version, std::string_view from,
                                 std::string_view to) {
  return Append("model_version", "stage_changed", VersionAddress(name, version),
                StagePayload{std::string(name), std::to_string(version), std::string(from), std::string(to)});
}

Status ModelEvents::VersionTagSet(bool prompt, std::string_view name, std::int64_t version, std::string_view key,
                                  std::string_view value) {
  return Append(prompt ? "prompt_version_tag" : "model_version_tag", "set", VersionAddress(name, version),
                VersionTagPayload{std::string(name), std::to_string(version), std::string(key), std::string(value)});
}

Status ModelEvents::VersionTagDeleted(bool prompt, std::string_view name, std::int64_t version, std::string_view key) {
  return Append(prompt ? "prompt_version_tag" : "model_version_tag", "deleted", VersionAddress(name, version),
                VersionTagKeyPayload{std::string(name), std::to_string(version), std::string(key)});
}

Status ModelEvents::AliasSet(bool prompt, std::string_view name, std::string_view alias, std::int64_t version) {
  return Append(prompt ? "prompt_alias" : "model_version_alias", "created", VersionAddress(name, version),
                AliasPayload{std::string(name), std::string(alias), std::to_string(version)});
}

Status ModelEvents::AliasDeleted(bool prompt, std::string_view name, std::string_view alias) {
  return Append(prompt ? "prompt_alias" : "model_version_alias", "deleted", ModelAddress(name),
                AliasNamePayload{std::string(name), std::string(alias)});
}

}  // namespace maru::registry
