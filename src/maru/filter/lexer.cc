#include "maru/filter/lexer.h"

#include <cctype>

namespace maru::filter {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || IsDigit(c) || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// The end of the quoted text that begins at `at`, or npos when it never ends. A doubled or escaped quote stays inside.
std::size_t QuotedEnd(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == quote && text.find(quote, i + 2) != text.npos) {
      ++i;
    } else if (text[i] == quote) {
      if (i + 1 < text.size() && text[i + 1] == quote)
        ++i;
      else
        return i + 1;
    }
  }
  return text.npos;
}

// The end of one part of a dotted name at `at`, or `at` when there is none.
std::size_t PartEnd(std::string_view text, std::size_t at, bool first) {
  if (at >= text.size()) return at;
  if (text[at] == '`' || text[at] == '"' || (!first && text[at] == '\'')) {
    const std::size_t end = QuotedEnd(text, at);
    return end == text.npos ? at : end;
  }
  std::size_t end = at;
  while (end < text.size() && IsWord(text[end])) ++end;
  return end;
}

// [-] digits [. digits] [e [+-] digits], with digits on one side of the point at least.
std::size_t NumberEnd(std::string_view text, std::size_t at, bool* real) {
  std::size_t i = at;
  if (i < text.size() && text[i] == '-') ++i;
  std::size_t digits = 0;
  for (; i < text.size() && IsDigit(text[i]); ++i) ++digits;
  if (i < text.size() && text[i] == '.') {
    *real = true;
    for (++i; i < text.size() && IsDigit(text[i]); ++i) ++digits;
  }
  if (digits == 0) return at;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    std::size_t e = i + 1;
    if (e < text.size() && (text[e] == '+' || text[e] == '-')) ++e;
    if (e < text.size() && IsDigit(text[e])) {
      *real = true;
      while (e < text.size() && IsDigit(text[e])) ++e;
      i = e;
    }
  }
  return i < text.size() && IsWord(text[i]) ? at : i;  // 12abc is no number
}

}  // namespace

std::vector<Token> Tokenize(std::string_view text) {
  std::vector<Token> tokens;
  bool spaced = true;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (IsSpace(c)) {
      spaced = true;
      ++at;
      continue;
    }
    TokenKind kind = TokenKind::kOther;
    std::size_t end = at + 1;
    bool real = false;
    if (const std::size_t number = NumberEnd(text, at, &real); number > at) {
      kind = real ? TokenKind::kReal : TokenKind::kInteger;
      end = number;
    } else if (c == '\'') {
      const std::size_t quoted = QuotedEnd(text, at);
      if (quoted != text.npos)
        kind = TokenKind::kText, end = quoted;
      else
        end = text.size();
    } else if (const std::size_t part = PartEnd(text, at, true); part > at) {
      kind = c == '"' ? TokenKind::kQuotedName : TokenKind::kName;
      end = part;
      while (end < text.size() && text[end] == '.') {
        kind = TokenKind::kName;
        end = PartEnd(text, end + 1, false);  // a part may be empty: the key "" is refused by what looks it up
      }
    } else if (c == '=' || c == '!' || c == '<' || c == '>') {
      kind = TokenKind::kOperator;
      while (end < text.size() && (text[end] == '=' || text[end] == '<' || text[end] == '>' || text[end] == '!')) ++end;
    } else if (c == '(') {
      kind = TokenKind::kOpen;
    } else if (c == ')') {
      kind = TokenKind::kClose;
    } else if (c == ',') {
      kind = TokenKind::kComma;
    } else if (c == ';') {
      kind = TokenKind::kSemicolon;
    } else if (c == '"' || c == '`') {
      end = text.size();
    }
    tokens.push_back({kind, text.substr(at, end - at), spaced});
    spaced = false;
    at = end;
  }
  return tokens;
}

std::string_view Unquote(std::string_view text, std::string_view quotes) {
  if (text.size() >= 2 && text.front() == text.back() && quotes.find(text.front()) != quotes.npos) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

bool EqualsIgnoringCase(std::string_view text, std::string_view upper) {
  if (text.size() != upper.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (std::toupper(static_cast<unsigned char>(text[i])) != upper[i]) return false;
  }
  return true;
}

}  // namespace maru::filter
