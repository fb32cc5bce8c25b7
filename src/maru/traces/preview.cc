#include "maru/traces/preview.h"

#include <optional>
#include <vector>

#include "maru/json/json.h"
#include "maru/traces/json_text.h"

namespace maru::traces {
namespace {

constexpr std::size_t kCharactersMax = 1000;

std::optional<json::Element> Member(const json::Element& object, std::string_view name) {
  std::optional<json::Element> found;
  if (object.kind() != json::Kind::kObject) return found;
  object.ForEachField([&](std::string_view member, json::Element value) {
    if (member == name) found = value;
    return !found;
  });
  return found;
}

std::string_view TextMember(const json::Element& object, std::string_view name) {
  const auto found = Member(object, name);
  return found && found->kind() == json::Kind::kString ? found->AsString() : std::string_view();
}

bool IsMessage(const json::Element& element) {
  return Member(element, "role") && Member(element, "content");
}

std::vector<json::Element> Messages(const json::Element& value) {
  std::vector<json::Element> messages;
  const auto take = [&](const char* name) {
    const auto list = Member(value, name);
    if (!list || list->kind() != json::Kind::kArray || list->ArraySize() == 0) return false;
    list->ForEachItem([&](std::size_t, json::Element item) {
      if (IsMessage(item)) messages.push_back(item);
      return true;
    });
    return true;
  };
  if (take("messages")) return messages;
  if (const auto choices = Member(value, "choices"); choices && choices->kind() == json::Kind::kArray) {
    choices->ForEachItem([&](std::size_t, json::Element choice) {
      const auto message = Member(choice, "message");
      if (message && IsMessage(*message)) messages.push_back(*message);
      return false;  // the first one only
    });
    if (!messages.empty()) return messages;
  }
  if (take("input") || take("output")) return messages;
  if (const auto request = Member(value, "request")) return Messages(*request);
  return messages;
}

std::string_view TextOf(const json::Element& message) {
  const auto content = Member(message, "content");
  if (!content) return {};
  if (content->kind() == json::Kind::kString) return content->AsString();
  std::string_view text;
  if (content->kind() == json::Kind::kArray) {
    content->ForEachItem([&](std::size_t, json::Element part) {
      if (part.kind() == json::Kind::kString) {
        text = part.AsString();
        return false;
      }
      const std::string_view type = TextMember(part, "type");
      if (type != "text" && type != "output_text") return true;
      text = TextMember(part, "text");
      return false;
    });
  }
  return text;
}

}  // namespace

std::string MakePreview(std::string_view value, std::string_view role) {
  std::string text;
  if (const auto parsed = json::Parse(value); parsed.ok()) {
    const std::vector<json::Element> messages = Messages(*parsed);
    if (!messages.empty()) {
      const json::Element* chosen = &messages.back();
      for (const json::Element& message : messages) {
        if (TextMember(message, "role") == role) chosen = &message;
      }
      text = TextOf(*chosen);
    }
  }
  if (text.empty()) text = value;
  if (CountCharacters(text) <= kCharactersMax) return text;
  return std::string(FirstCharacters(text, kCharactersMax - 3)) + "...";
}

}  // namespace maru::traces
