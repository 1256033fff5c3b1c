#include "codec/json.h"

#include <simdjson.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "base/quote.h"
#include "base/text.h"

namespace chappe::codec::json {

Writer& Writer::open(char bracket) {
  before_value();
  out_ += bracket;
  levels_.push_back({.object = bracket == '{'});
  return *this;
}

Writer& Writer::close(char bracket) {
  assert(!levels_.empty() && levels_.back().object == (bracket == '}') && !after_key_);
  const bool empty = levels_.back().empty;
  levels_.pop_back();
  if (!empty) new_line();
  out_ += bracket;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  assert(!levels_.empty() && levels_.back().object && !after_key_);
  if (!levels_.back().empty) out_ += ',';
  levels_.back().empty = false;
  new_line();
  append_quoted(out_, name);
  out_ += indent_ > 0 ? ": " : ":";
  after_key_ = true;
  return *this;
}

Writer& Writer::value(std::string_view s) {
  before_value();
  append_quoted(out_, s);
  return *this;
}

Writer& Writer::value(double d) { return std::isfinite(d) ? raw(fmt::format("{}", d)) : raw("null"); }

Writer& Writer::raw(std::string_view text) {
  before_value();
  out_ += text;
  return *this;
}

void Writer::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (levels_.empty()) return;
  assert(!levels_.back().object);
  if (!levels_.back().empty) out_ += ',';
  levels_.back().empty = false;
  new_line();
}

void Writer::new_line() {
  if (indent_ == 0) return;
  out_ += '\n';
  out_.append(levels_.size() * static_cast<std::size_t>(indent_), ' ');
}

namespace {

constexpr std::string_view kKindNames[] = {"null",     "a boolean", "an integer", "a number",
                                           "a string", "an array",  "an object"};

std::unexpected<Error> wrong_kind(const Value& value, std::string_view wanted) {
  return fail(Errc::invalid, "{} is wanted, not {}", wanted, kKindNames[static_cast<int>(value.kind())]);
}

// What `read` makes of the member `name`; errors name the member.
template <class T>
Result<T> read_member(const Value& object, std::string_view name, Result<T> (Value::*read)() const) {
  const Value* member = TRY(object.get(name));
  auto value = (member->*read)();
  if (!value) return std::unexpected(std::move(value.error()).within("field '" + printable(name) + "'"));
  return value;
}

}  // namespace

Result<bool> Value::as_bool() const {
  if (const auto* b = std::get_if<bool>(&data_)) return *b;
  return wrong_kind(*this, "a boolean");
}

Result<std::int64_t> Value::as_int() const {
  if (const auto* n = std::get_if<std::int64_t>(&data_)) return *n;
  return wrong_kind(*this, "an integer");
}

Result<double> Value::as_double() const {
  if (const auto* d = std::get_if<double>(&data_)) return *d;
  if (const auto* n = std::get_if<std::int64_t>(&data_)) return static_cast<double>(*n);
  return wrong_kind(*this, "a number");
}

Result<std::string_view> Value::as_string() const {
  if (const auto* s = std::get_if<std::string>(&data_)) return *s;
  return wrong_kind(*this, "a string");
}

const std::vector<Value>& Value::items() const {
  static const std::vector<Value> kNone;
  const auto* items = std::get_if<std::vector<Value>>(&data_);
  return items ? *items : kNone;
}

const std::vector<Member>& Value::members() const {
  static const std::vector<Member> kNone;
  const auto* object = std::get_if<Object>(&data_);
  return object ? object->members : kNone;
}

const Value* Value::find(std::string_view name) const {
  const auto* object = std::get_if<Object>(&data_);
  if (!object) return nullptr;
  const auto at = std::ranges::lower_bound(
      object->by_name, name, {}, [&](std::uint32_t i) -> std::string_view { return object->members[i].name; });
  if (at == object->by_name.end() || object->members[*at].name != name) return nullptr;
  return &object->members[*at].value;
}

Result<const Value*> Value::get(std::string_view name) const {
  if (kind() != Kind::object) return wrong_kind(*this, "an object");
  if (const Value* value = find(name)) return value;
  return fail(Errc::invalid, "no field '{}'", printable(name));
}

Result<bool> Value::get_bool(std::string_view name) const { return read_member(*this, name, &Value::as_bool); }
Result<std::int64_t> Value::get_int(std::string_view name) const { return read_member(*this, name, &Value::as_int); }
Result<double> Value::get_double(std::string_view name) const { return read_member(*this, name, &Value::as_double); }
Result<std::string_view> Value::get_string(std::string_view name) const {
  return read_member(*this, name, &Value::as_string);
}

namespace {

Result<Value> too_deep(const Limits& limits) {
  return fail(Errc::too_large, "JSON nested deeper than {}", limits.depth);
}

}  // namespace

// Copies simdjson's tree into ours; recurses, to the depth of the limits.
class Builder {
 public:
  explicit Builder(const Limits& limits) : limits_(limits) {}

  // `levels` are the arrays and objects that `from` stands in.
  Result<Value> build(const simdjson::dom::element& from, std::size_t levels) const {
    using simdjson::dom::element_type;
    Value to;
    switch (from.type()) {
      case element_type::NULL_VALUE:
        break;
      case element_type::BOOL:
        to.data_ = bool(from);
        break;
      case element_type::INT64:
        to.data_ = std::int64_t(from);
        break;
      case element_type::UINT64:
        to.data_ = double(std::uint64_t(from));
        break;  // above INT64_MAX
      case element_type::DOUBLE:
        to.data_ = double(from);
        break;
      case element_type::STRING:
        to.data_ = std::string(std::string_view(from));
        break;
      case element_type::ARRAY:
        return levels < limits_.depth ? build_array(from, levels + 1) : too_deep(limits_);
      case element_type::OBJECT:
        return levels < limits_.depth ? build_object(from, levels + 1) : too_deep(limits_);
    }
    return to;
  }

 private:
  Result<Value> build_array(simdjson::dom::array from, std::size_t levels) const {
    std::vector<Value> items;
    for (const auto item : from) items.push_back(TRY(build(item, levels)));
    Value to;
    to.data_ = std::move(items);
    return to;
  }

  Result<Value> build_object(simdjson::dom::object from, std::size_t levels) const {
    Value::Object object;
    for (const auto [name, value] : from) object.members.push_back({std::string(name), TRY(build(value, levels))});
    const auto name_of = [&](std::uint32_t i) -> std::string_view { return object.members[i].name; };
    object.by_name.resize(object.members.size());
    std::iota(object.by_name.begin(), object.by_name.end(), 0u);
    std::ranges::sort(object.by_name, {}, name_of);
    const auto twin = std::ranges::adjacent_find(object.by_name, {}, name_of);
    if (twin != object.by_name.end())  // RFC 7493 §2.3
      return fail(Errc::invalid, "the field '{}' comes twice", printable(name_of(*twin), 40));
    Value to;
    to.data_ = std::move(object);
    return to;
  }

  const Limits& limits_;
};

Result<Value> parse(ByteView text, Limits limits) {
  if (text.size() > limits.bytes) return fail(Errc::too_large, "more than {} bytes of JSON", limits.bytes);
  try {
    simdjson::dom::parser parser;
    // The parser counts the document around the value as a level, and no empty array: the count that holds is ours.
    if (parser.allocate(std::max<std::size_t>(text.size(), 64), limits.depth + 1))
      return fail(Errc::busy, "no memory to parse JSON");
    auto document = parser.parse(text.data(), text.size(), true);
    if (document.error() == simdjson::DEPTH_ERROR) return too_deep(limits);
    if (document.error() != simdjson::SUCCESS)
      return fail(Errc::invalid, "not JSON: {}", simdjson::error_message(document.error()));
    return Builder(limits).build(document.value_unsafe(), 0);
  } catch (const simdjson::simdjson_error& e) {
    return fail(Errc::bug, "JSON tree: {}", e.what());
  }
}

}  // namespace chappe::codec::json
