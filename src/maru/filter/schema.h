// What one kind of search allows: entities, their keys, their comparators. Plain data, read by the parser.
#pragma once

#include <initializer_list>
#include <string_view>
#include <vector>

#include "maru/filter/filter.h"

namespace maru::filter {

class ComparatorSet {
 public:
  constexpr ComparatorSet(std::initializer_list<Comparator> list) {
    for (const Comparator c : list) bits_ |= 1u << static_cast<unsigned>(c);
  }
  constexpr bool Has(Comparator c) const { return bits_ >> static_cast<unsigned>(c) & 1u; }

 private:
  unsigned bits_ = 0;
};

enum class ValueKind {
  kText,
  kNumber,
  kNumberOrText,  // a number; a quoted one is read too
  kByComparator,  // a number for < <= > >=, text otherwise
};

struct KeyRule {
  std::string_view spelling;        // as filters write it; a trailing '.' makes it a prefix of free names
  std::string_view canonical = {};  // the key in the condition; empty: the spelling
  ValueKind kind = ValueKind::kText;
  bool lists = false;  // may be compared with a list
  bool filterable = true;
  bool orderable = true;
  Entity entity = Entity::kAttribute;          // of the condition; differs where a key is an alias for, say, a tag
  const ComparatorSet* comparators = nullptr;  // null: the entity's
};

struct EntityRule {
  Entity entity;
  std::string_view name;                    // in messages
  std::vector<std::string_view> spellings;  // in filters
  ComparatorSet comparators;
  ValueKind kind = ValueKind::kText;  // of free keys
  bool lists = false;
  std::vector<KeyRule> keys = {};  // empty: every key is fine
  bool orderable = true;
};

struct Schema {
  std::vector<EntityRule> entities;  // the first is the one for keys without an entity
  std::string_view entity_hint;      // follows "Invalid entity type 'x'. "
  std::string_view lists_hint = {};  // the error for a list where none is allowed
  ComparatorSet number_comparators = {Comparator::kEqual,       Comparator::kNotEqual, Comparator::kLess,
                                      Comparator::kLessOrEqual, Comparator::kGreater,  Comparator::kGreaterOrEqual};
};

}  // namespace maru::filter
