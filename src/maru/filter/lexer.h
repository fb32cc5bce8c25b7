// Splits a filter string into tokens. The parser's other half; nothing else includes this.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "maru/base/status.h"

namespace maru::filter {

enum class TokenKind {
  kName,        // word(.word)*, each part bare or quoted with ` or "; after the first dot also with '
  kText,        // 'single quoted'
  kQuotedName,  // "double quoted", without dots outside: a string where a value stands, a name elsewhere
  kInteger,
  kReal,
  kOperator,  // a run of = ! < >
  kOpen,
  kClose,
  kComma,
  kSemicolon,
  kOther,
};

struct Token {
  TokenKind kind;
  std::string_view text;  // as written, quotes included
  bool spaced = true;     // preceded by white space, or first
};

std::vector<Token> Tokenize(std::string_view text);

// Without the quotes around it, when it has some of `quotes` on both sides.
std::string_view Unquote(std::string_view text, std::string_view quotes);

bool EqualsIgnoringCase(std::string_view text, std::string_view upper);

}  // namespace maru::filter
