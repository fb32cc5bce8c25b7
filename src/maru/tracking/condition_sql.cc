#include "maru/tracking/condition_sql.h"

#include "maru/sql/text_match.h"
#include "maru/tracking/in_list.h"

namespace maru::tracking {
namespace {

using filter::Comparator;

}  // namespace

SqlText& SqlText::Bound(std::string text) {
  texts_.push_back(std::move(text));
  args_.push_back(std::string_view(texts_.back()));
  return *this;
}

SqlText& SqlText::BindList(std::span<const std::int64_t> numbers) {
  const InList list(numbers);
  sql_ += list.Sql("($)");
  args_.insert(args_.end(), list.args().begin(), list.args().end());
  return *this;
}

SqlText& SqlText::Compare(std::string_view column, const filter::Condition& condition) {
  switch (condition.comparator) {
    case Comparator::kLike:
      *this << sql::Like(dialect_, column);
      return Bound(condition.Text());
    case Comparator::kILike:
      *this << sql::ILike(dialect_, column);
      return Bound(condition.Text());
    case Comparator::kIn:
    case Comparator::kNotIn: {
      *this << column << (condition.comparator == Comparator::kIn ? " IN (" : " NOT IN (");
      for (std::size_t i = 0; i < condition.List().size(); ++i) {
        if (i > 0) *this << ", ";
        BindText(condition.List()[i]);
      }
      return *this << ")";
    }
    default:
      break;
  }
  *this << column << " "
        << (condition.comparator == Comparator::kNotEqual ? "<>" : filter::ComparatorName(condition.comparator)) << " ";
  if (const auto* text = std::get_if<std::string>(&condition.value)) return BindText(*text);
  if (const auto* integer = std::get_if<std::int64_t>(&condition.value)) return Bind(*integer);
  return Bind(condition.Number());
}

}  // namespace maru::tracking
