#include <charconv>
#include <optional>
#include <span>

#include "maru/filter/lexer.h"
#include "maru/filter/schema.h"

namespace maru::filter {
namespace {

// One comparison as written, before the schema has been asked.
struct Clause {
  std::string_view name;
  std::optional<Comparator> comparator;  // none: written, but no comparator of ours
  std::string_view comparator_text;
  std::vector<Token> value;  // one token, or everything from '(' to ')'
};

std::string_view Span(std::span<const Token> tokens) {
  if (tokens.empty()) return {};
  const char* begin = tokens.front().text.data();
  return {begin, static_cast<std::size_t>(tokens.back().text.data() + tokens.back().text.size() - begin)};
}

bool IsWord(const Token& token, std::string_view upper) {
  return token.kind == TokenKind::kName && EqualsIgnoringCase(token.text, upper);
}

bool IsAnd(const Token& token) {
  return IsWord(token, "AND");
}

struct Named {
  std::string_view name;
  Comparator comparator;
};
constexpr Named kComparators[] = {
    {"=", Comparator::kEqual},
    {"!=", Comparator::kNotEqual},
    {"<", Comparator::kLess},
    {"<=", Comparator::kLessOrEqual},
    {">", Comparator::kGreater},
    {">=", Comparator::kGreaterOrEqual},
    {"LIKE", Comparator::kLike},
    {"ILIKE", Comparator::kILike},
    {"RLIKE", Comparator::kRLike},
    {"IN", Comparator::kIn},
    {"NOT IN", Comparator::kNotIn},
    {"IS NULL", Comparator::kIsNull},
    {"IS NOT NULL", Comparator::kIsNotNull},
};

std::optional<Comparator> FindComparator(std::string_view upper) {
  for (const Named& n : kComparators) {
    if (n.name == upper) return n.comparator;
  }
  return std::nullopt;
}

// How many tokens from `at` on make up a comparator, at most three; 0 when there is none. `spelling` is upper case.
std::size_t ReadComparator(std::span<const Token> tokens, std::size_t at, std::string* spelling) {
  if (at >= tokens.size()) return 0;
  if (tokens[at].kind == TokenKind::kOperator) {
    *spelling = tokens[at].text;
    return 1;
  }
  static constexpr const char* kPhrases[][3] = {
      {"IS", "NOT", "NULL"}, {"IS", "NULL"}, {"NOT", "IN"}, {"NOT", "LIKE"}, {"NOT", "ILIKE"},
      {"NOT", "RLIKE"},      {"LIKE"},       {"ILIKE"},     {"RLIKE"},       {"IN"}};
  for (const auto& phrase : kPhrases) {
    std::size_t n = 0;
    spelling->clear();
    while (n < 3 && phrase[n] && at + n < tokens.size() && IsWord(tokens[at + n], phrase[n])) {
      if (n > 0) *spelling += ' ';
      *spelling += phrase[n++];
    }
    if (n == 3 || !phrase[n]) return n;
  }
  return 0;
}

bool IsValue(TokenKind kind) {
  return kind == TokenKind::kText || kind == TokenKind::kQuotedName || kind == TokenKind::kName ||
         kind == TokenKind::kInteger || kind == TokenKind::kReal;
}

// The end of the parenthesis that opens at `at`, or `at` when it never closes.
std::size_t ListEnd(std::span<const Token> tokens, std::size_t at) {
  for (std::size_t i = at; i < tokens.size(); ++i) {
    if (tokens[i].kind == TokenKind::kClose) return i + 1;
  }
  return at;
}

class Parser {
 public:
  Parser(std::string_view text, const Schema& schema) : text_(text), schema_(schema), tokens_(Tokenize(text)) {}

  Result<std::vector<Condition>> Filter() {
    if (text_.empty()) return std::vector<Condition>{};
    if (tokens_.empty()) return InvalidArgument("Invalid filter '{}'. Could not be parsed.", text_);
    MARU_ASSIGN_OR_RETURN(const std::vector<Clause> clauses, Clauses());
    std::vector<Condition> conditions;
    conditions.reserve(clauses.size());
    for (const Clause& clause : clauses) {
      MARU_ASSIGN_OR_RETURN(Condition condition, Read(clause));
      conditions.push_back(std::move(condition));
    }
    return conditions;
  }

  Result<OrderBy> Order() {
    const bool has_name =
        !tokens_.empty() && (tokens_[0].kind == TokenKind::kName || tokens_[0].kind == TokenKind::kQuotedName);
    if (!has_name || tokens_.size() > 2 || (tokens_.size() == 2 && tokens_[1].kind != TokenKind::kName)) {
      return InvalidArgument("Invalid order_by clause '{}'. Could not be parsed.", text_);
    }
    const bool descending = tokens_.size() == 2 && IsWord(tokens_[1], "DESC");
    if (tokens_.size() == 2 && !descending && !IsWord(tokens_[1], "ASC")) {
      return InvalidArgument("Invalid ordering key in order_by clause '{}'.", text_);
    }
    MARU_ASSIGN_OR_RETURN(const Place place, Find(tokens_[0].text, false));
    if (!place.entity->orderable) return InvalidArgument("Invalid order_by entity: {}", place.entity->name);
    return OrderBy{place.target, std::string(place.key), !descending};
  }

 private:
  // What a dotted name means to the schema.
  struct Place {
    const EntityRule* entity;
    const KeyRule* rule;  // null: a free key
    Entity target;
    std::string_view key;
    std::string_view written;
  };

  Result<std::vector<Clause>> Clauses() const {
    std::vector<Clause> clauses;
    std::string invalid;
    const auto refuse = [&](std::string_view token) {
      if (!invalid.empty()) invalid += ", ";
      invalid.append("'").append(token).append("'");
    };
    for (std::size_t at = 0; at < tokens_.size();) {
      const Token& token = tokens_[at];
      if (IsAnd(token)) {
        ++at;
        continue;
      }
      if (token.kind == TokenKind::kSemicolon && at + 1 < tokens_.size()) {
        return InvalidArgument("Search filter contained multiple expression '{}'. Provide AND-ed expression list.",
                               text_);
      }
      std::string spelling;
      const std::size_t length = IsValue(token.kind) ? ReadComparator(tokens_, at + 1, &spelling) : 0;
      if (length == 0) {
        refuse(token.text);
        ++at;
        continue;
      }
      const std::span<const Token> all(tokens_);
      Clause clause{token.text, FindComparator(spelling), Span(all.subspan(at + 1, length)), {}};
      std::size_t end = at + 1 + length;
      const bool wants_list = clause.comparator == Comparator::kIn || clause.comparator == Comparator::kNotIn;
      if (clause.comparator != Comparator::kIsNull && clause.comparator != Comparator::kIsNotNull) {
        const std::size_t value_at = end;
        if (value_at < tokens_.size() && tokens_[value_at].kind == TokenKind::kOpen) {
          end = ListEnd(tokens_, value_at);
        } else if (!wants_list && value_at < tokens_.size() && IsValue(tokens_[value_at].kind) &&
                   !IsAnd(tokens_[value_at])) {
          ++end;
        }
        if (end == value_at) {
          for (; at < value_at; ++at) refuse(tokens_[at].text);
          continue;
        }
        clause.value.assign(tokens_.begin() + value_at, tokens_.begin() + end);
      }
      if (token.kind != TokenKind::kName && token.kind != TokenKind::kQuotedName) {
        return InvalidArgument("Invalid comparison clause. Expected 'Identifier' found '{}'", token.text);
      }
      clauses.push_back(std::move(clause));
      at = end;
    }
    if (!invalid.empty()) return InvalidArgument("Invalid clause(s) in filter string: {}", invalid);
    return clauses;
  }

  Result<Place> Find(std::string_view name, bool filtering) const {
    const EntityRule* entity = &schema_.entities.front();
    std::string_view key = name;
    // A dot inside of one quoted part separates nothing.
    const std::size_t dot =
        Unquote(name, "`\"").find_first_of("`\"") == name.npos && Unquote(name, "`\"").size() < name.size()
            ? name.npos
            : name.find('.');
    if (dot != name.npos) {
      const std::string_view spelled = Unquote(name.substr(0, dot), "`");
      entity = nullptr;
      for (const EntityRule& rule : schema_.entities) {
        for (const std::string_view s : rule.spellings) {
          if (s == spelled) entity = &rule;
        }
      }
      if (!entity) return InvalidArgument("Invalid entity type '{}'. {}", spelled, schema_.entity_hint);
      key = name.substr(dot + 1);
    }
    key = Unquote(Unquote(key, "'\""), "`");
    if (entity->keys.empty()) return Place{entity, nullptr, entity->entity, key, key};
    std::string valid;
    for (const KeyRule& rule : entity->keys) {
      if (filtering ? !rule.filterable : !rule.orderable) continue;
      const bool prefix = rule.spelling.back() == '.';
      if (rule.spelling == key ||
          (prefix && key.size() > rule.spelling.size() && key.substr(0, rule.spelling.size()) == rule.spelling)) {
        const Entity target = entity->entity == Entity::kAttribute ? rule.entity : entity->entity;
        return Place{entity, &rule, target, rule.canonical.empty() ? key : rule.canonical, key};
      }
      if (!valid.empty()) valid += ", ";
      valid.append("'").append(rule.spelling).append("'");
    }
    return InvalidArgument("Invalid {} key '{}' specified. Valid keys are '{{{}}}'", entity->name, key, valid);
  }

  Result<Condition> Read(const Clause& clause) const {
    MARU_ASSIGN_OR_RETURN(const Place place, Find(clause.name, true));
    const ValueKind kind = place.rule ? place.rule->kind : place.entity->kind;
    const bool numeric = kind == ValueKind::kNumber || kind == ValueKind::kNumberOrText;
    const ComparatorSet& allowed = place.rule && place.rule->comparators ? *place.rule->comparators
                                   : numeric                             ? schema_.number_comparators
                                                                         : place.entity->comparators;
    Condition condition{place.target, std::string(place.key), clause.comparator.value_or(Comparator::kEqual), {}};
    if (condition.comparator == Comparator::kIsNull || condition.comparator == Comparator::kIsNotNull) {
      if (!allowed.Has(condition.comparator)) return NullNotSupported(place);
      return condition;
    }
    MARU_ASSIGN_OR_RETURN(condition.value, ReadValue(place, kind, condition.comparator, clause.value));
    if (!clause.comparator || !allowed.Has(*clause.comparator)) {
      std::string list;
      for (const Named& n : kComparators) {
        if (!allowed.Has(n.comparator)) continue;
        if (!list.empty()) list += ", ";
        list.append("'").append(n.name).append("'");
      }
      return InvalidArgument("Invalid comparator '{}' not one of '{{{}}}'", clause.comparator_text, list);
    }
    return condition;
  }

  Status NullNotSupported(const Place& place) const {
    std::string able;
    for (const EntityRule& rule : schema_.entities) {
      if (!rule.comparators.Has(Comparator::kIsNull)) continue;
      if (!able.empty()) able += " and ";
      able += rule.spellings.back();
    }
    return InvalidArgument("IS NULL / IS NOT NULL is only supported for {}, not for '{}' '{}'",
                           able.empty() ? "no keys of this search" : able, place.entity->name, place.written);
  }

  Result<Value> ReadValue(const Place& place, ValueKind kind, Comparator comparator,
                          std::span<const Token> tokens) const {
    const Token& token = tokens.front();
    const std::string_view text = Span(tokens);
    const bool is_number = token.kind == TokenKind::kInteger || token.kind == TokenKind::kReal;
    const bool is_list = token.kind == TokenKind::kOpen;
    if (kind == ValueKind::kByComparator) {
      const bool wants_number = comparator == Comparator::kLess || comparator == Comparator::kLessOrEqual ||
                                comparator == Comparator::kGreater || comparator == Comparator::kGreaterOrEqual;
      if (wants_number && !is_number) {
        return InvalidArgument("Expected a numeric value for {} when using comparator '{}'. Got value {}",
                               place.entity->name, ComparatorName(comparator), text);
      }
      kind = wants_number ? ValueKind::kNumber : ValueKind::kText;
    }
    if (is_number && kind != ValueKind::kText) return ReadNumber(token);
    if (kind == ValueKind::kNumberOrText && token.kind == TokenKind::kText) {
      const std::vector<Token> inner = Tokenize(Unquote(token.text, "'"));
      if (inner.size() == 1 && (inner[0].kind == TokenKind::kInteger || inner[0].kind == TokenKind::kReal)) {
        return ReadNumber(inner[0]);
      }
    }
    if (kind != ValueKind::kText) {
      if (place.entity->entity == Entity::kMetric) {
        return InvalidArgument("Expected numeric value type for metric. Found {}", text);
      }
      return InvalidArgument("Expected numeric value type for numeric attribute: {}. Found {}", place.written, text);
    }
    if (is_list) {
      if (place.rule ? !place.rule->lists : !place.entity->lists) {
        if (place.entity->entity == Entity::kAttribute && !schema_.lists_hint.empty()) {
          return InvalidArgument("{}", schema_.lists_hint);
        }
        return WantsText(place, text);
      }
      if (comparator != Comparator::kIn && comparator != Comparator::kNotIn) {
        return InvalidArgument("Invalid clause(s) in filter string: '{}'", text);
      }
      return ReadList(tokens);
    }
    if (token.kind == TokenKind::kText) return std::string(Unquote(token.text, "'"));
    if (token.kind == TokenKind::kQuotedName) return std::string(Unquote(token.text, "\""));
    if (token.kind == TokenKind::kName) {
      return InvalidArgument(
          "Parameter value is either not quoted or unidentified quote types used for string value {}. "
          "Use either single or double quotes.",
          text);
    }
    return WantsText(place, text);
  }

  static Status WantsText(const Place& place, std::string_view got) {
    switch (place.entity->entity) {
      case Entity::kAttribute:
        return InvalidArgument("Expected a quoted string value for attributes. Got value {}", got);
      case Entity::kDataset:
        return InvalidArgument("Expected a quoted string value for dataset attributes. Got value {}", got);
      default:
        return InvalidArgument("Expected a quoted string value for {} (e.g. 'my-value'). Got value {}",
                               place.entity->name, got);
    }
  }

  static Value ReadNumber(const Token& token) {
    const char* const end = token.text.data() + token.text.size();
    std::int64_t integer = 0;
    if (token.kind == TokenKind::kInteger && std::from_chars(token.text.data(), end, integer).ec == std::errc()) {
      return integer;
    }
    double real = 0;
    std::from_chars(token.text.data(), end, real);  // the lexer saw to the shape; too large a number becomes infinity
    return real;
  }

  static Result<Value> ReadList(std::span<const Token> tokens) {
    constexpr std::string_view kWhere = "While parsing a list in the query, expected";
    std::vector<std::string> list;
    bool comma = true;
    for (const Token& token : tokens.subspan(1, tokens.size() - 2)) {
      const bool separator = token.kind == TokenKind::kComma;
      if (separator == comma) {
        return InvalidArgument("{} a non-empty list of string values, but got ill-formed list.", kWhere);
      }
      comma = separator;
      if (separator) continue;
      if (token.kind == TokenKind::kInteger || token.kind == TokenKind::kReal) {
        return InvalidArgument("{} string value, punctuation, or whitespace, but got different type in list: {}",
                               kWhere, Span(tokens));
      }
      if (token.kind != TokenKind::kText && token.kind != TokenKind::kQuotedName) {
        return InvalidArgument("{} a non-empty list of string values, but got ill-formed list.", kWhere);
      }
      list.emplace_back(Unquote(token.text, "'\""));
    }
    if (list.empty()) return InvalidArgument("{} a non-empty list of string values, but got empty list", kWhere);
    return list;
  }

  std::string_view text_;
  const Schema& schema_;
  std::vector<Token> tokens_;
};

}  // namespace

std::string_view ComparatorName(Comparator comparator) {
  for (const Named& n : kComparators) {
    if (n.comparator == comparator) return n.name;
  }
  return "";
}

double Condition::Number() const {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  return std::get<double>(value);
}

Result<std::vector<Condition>> ParseFilter(std::string_view text, const Schema& schema) {
  return Parser(text, schema).Filter();
}

Result<OrderBy> ParseOrderBy(std::string_view clause, const Schema& schema) {
  return Parser(clause, schema).Order();
}

Result<std::vector<OrderBy>> ParseOrderBy(const std::vector<std::string>& clauses, const Schema& schema) {
  std::vector<OrderBy> all;
  for (const std::string& clause : clauses) {
    MARU_ASSIGN_OR_RETURN(OrderBy order, ParseOrderBy(clause, schema));
    all.push_back(std::move(order));
  }
  return all;
}

}  // namespace maru::filter
