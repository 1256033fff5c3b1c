// A header with what judges wanted changed in it (post/policy/opinion.h). What they must not change stays as it is, and
// is told: fields on which the reading of the body rests, Return-Path, which is ours, and anything that could be taken
// for our own Authentication-Results (RFC 8601 §5). A value; pure; linear in the header and the changes.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "message/letter.h"
#include "post/policy/judge.h"

namespace chappe::post {

struct Rewriting {
  std::string authserv_id;                               // ours
  std::function<bool(const message::Field&)> drop = {};  // fields that are left out in any case
  std::size_t most = SIZE_MAX;                           // octets that changes may make of the header
};

struct Rewritten {
  Bytes header;
  bool changed = false;
  struct Wish {
    std::string judge;
    UnheededWish wish;
  };
  std::vector<Wish> unheeded;
};

// `header` with its empty line, as it came: places count its fields. The judges' changes in their order; what is
// inserted at one place by several stands in the reverse of it, the last on top.
Rewritten rewrite(ByteView header, std::span<const Heard> heard, const Rewriting& how);

// What there is of it for a header that is not at hand: the fields to be put above it. Those which a judge wanted lower
// stand there too.
Rewritten fields_above(std::span<const Heard> heard, const Rewriting& how);

}  // namespace chappe::post
