// JSON, written and read (RFC 8259, and I-JSON, RFC 7493, where that is stricter). Pure; nothing blocks.
//
// Writer streams into a string that the caller owns. Value is what parse() read: a small tree that owns its bytes, is
// never changed afterwards, and may therefore be shared between threads. Field order is kept by both.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace chappe::codec::json {

// Writes one value after another, where JSON allows one: in an object each needs key() before it. A misuse is a bug of
// the caller and is caught by assert.
class Writer {
 public:
  // `indent` 0 writes everything on one line; otherwise one line for each value, indented by that many spaces a level.
  explicit Writer(std::string& out, int indent = 0) : out_(out), indent_(indent) {}
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Writer& begin_object() { return open('{'); }
  Writer& end_object() { return close('}'); }
  Writer& begin_array() { return open('['); }
  Writer& end_array() { return close(']'); }
  Writer& key(std::string_view name);

  // Octets that are not UTF-8 become U+FFFD.
  Writer& value(std::string_view s);
  Writer& value(const char* s) { return value(std::string_view(s)); }
  Writer& value(bool b) { return raw(b ? "true" : "false"); }
  Writer& value(std::nullptr_t) { return raw("null"); }
  // The shortest form that reads back as the same number; JSON has no infinities and no NaN: null (RFC 8259 §6).
  Writer& value(double d);
  template <std::integral T>
  Writer& value(T n) {
    return raw(fmt::format("{}", n));
  }

  template <class T>
  Writer& field(std::string_view name, const T& v) {
    key(name);
    return value(v);
  }

 private:
  Writer& open(char bracket);
  Writer& close(char bracket);
  Writer& raw(std::string_view text);
  void before_value();
  void new_line();

  struct Level {
    bool object = false;
    bool empty = true;
  };
  std::string& out_;
  int indent_;
  bool after_key_ = false;
  std::vector<Level> levels_;
};

class Value;
struct Member;

class Value {
 public:
  enum class Kind : std::uint8_t { null, boolean, integer, real, string, array, object };

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_null() const { return kind() == Kind::null; }

  // Errc::invalid, saying what was found instead, when the value is of another kind.
  Result<bool> as_bool() const;
  // A real that is written without a fraction but does not fit 64 bits is not an integer.
  Result<std::int64_t> as_int() const;
  // Integers too.
  Result<double> as_double() const;
  // The view lives as long as the Value.
  Result<std::string_view> as_string() const;
  // Empty for anything but an array.
  const std::vector<Value>& items() const;
  // Empty for anything but an object; in the order in which they stood.
  const std::vector<Member>& members() const;

  // The member of that name; nullptr when this is no object or has none. O(log n).
  const Value* find(std::string_view name) const;
  // The same, as a Result: Errc::invalid "no field 'x'" when it is missing.
  Result<const Value*> get(std::string_view name) const;
  Result<bool> get_bool(std::string_view name) const;
  Result<std::int64_t> get_int(std::string_view name) const;
  Result<double> get_double(std::string_view name) const;
  Result<std::string_view> get_string(std::string_view name) const;

 private:
  friend class Builder;
  struct Object {
    std::vector<Member> members;
    std::vector<std::uint32_t> by_name;  // indices into members, in order of name
  };
  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, std::vector<Value>, Object> data_;
};

struct Member {
  std::string name;
  Value value;
};

struct Limits {
  std::size_t bytes = 1024 * 1024;  // of the text; the tree takes up to about thirty times as much
  std::size_t depth = 32;           // of arrays and objects within each other
};

// The one value that `text` holds, surrounded by nothing but white space. Errc::invalid for what is not JSON in UTF-8
// and for a name that comes twice in an object (RFC 7493 §2.3); Errc::too_large beyond a limit.
Result<Value> parse(ByteView text, Limits limits = {});

}  // namespace chappe::codec::json
