// "Did you mean …?": the word of a list that a mistyped one was probably meant to be. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace chappe::app {

// How many letters must be put in, taken out, replaced, or swapped with their neighbour to make `b` of `a`. Only the
// first 64 letters of each are looked at.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The nearest of `words`, if it is near enough to be meant (a third of its letters, at least one); else empty.
std::string_view nearest(std::string_view word, std::span<const std::string_view> words);

// ", did you mean 'x'?" or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> words);

}  // namespace chappe::app
