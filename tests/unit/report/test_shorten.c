// SPDX-License-Identifier: GPL-2.0-only
/* Names of libstdc++, LLVM, Node, rustc, Go and D, and what people read of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "report/shorten.h"

#define DOTS "\xe2\x80\xa6" /* U+2026 */

static void expect(const char *name, const char *expected)
{
	SEEP_AUTO_BUFFER struct seep_buffer buffer = SEEP_BUFFER_INIT;

	seep_shorten_append(&buffer, name);
	assert_int_equal(buffer.error, 0);
	assert_string_equal(buffer.data, expected);
}

static void expect_same(const char *name)
{
	expect(name, name);
}

static void test_c(void **state)
{
	(void)state;
	expect_same("");
	expect_same("malloc");
	expect_same("free@plt");
	expect_same("xmalloc.part.0");
	expect_same("server+0x1267");
	expect_same("0x7f0012345678");
	expect_same("operators");
	expect_same("[partial: no_table]");
}

static void test_parameters(void **state)
{
	(void)state;
	expect("main()", "main()");
	expect("on_message(int, char const*)", "on_message(" DOTS ")");
	expect("Session::take(std::function<void (int)> const&) const &",
	       "Session::take(" DOTS ")");
	expect("foo(int) [clone .constprop.0] [clone .isra.0]", "foo(" DOTS ")");
	expect("operator new(unsigned long)@plt", "operator new(" DOTS ")@plt");
	expect("llvm::sys::fs::TempFile::create(llvm::Twine const&, unsigned int)",
	       "llvm::sys::fs::TempFile::create(" DOTS ")");
	expect("non-virtual thunk to Session::close(int)", "Session::close(" DOTS ")");
}

static void test_templates(void **state)
{
	(void)state;
	expect("std::vector<int, std::allocator<int> >::push_back(int const&)",
	       "std::vector<" DOTS ">::push_back(" DOTS ")");
	/* Of a template function the result comes first. */
	expect("void std::vector<int, std::allocator<int> >::_M_realloc_insert<int const&>("
	       "__gnu_cxx::__normal_iterator<int*, std::vector<int, std::allocator<int> > >, "
	       "int const&)",
	       "std::vector<" DOTS ">::_M_realloc_insert<" DOTS ">(" DOTS ")");
	expect("std::map<int, int, std::less<int>, std::allocator<std::pair<int const, int> > >& "
	       "cache<(1>2)>(int)",
	       "cache<" DOTS ">(" DOTS ")");
	expect("decltype (x.y()) get<int>(int)", "get<" DOTS ">(" DOTS ")");
	expect("decltype(auto) get<int>(int)", "get<" DOTS ">(" DOTS ")");
	expect("f<&(a::operator<(a, a))>()", "f<" DOTS ">()");
	expect("f<&a::operator->>()", "f<" DOTS ">()");
	expect("f<>()", "f<>()");
	expect("std::unique_ptr<node::Environment, "
	       "node::FunctionDeleter<node::Environment, &node::FreeEnvironment> >::reset("
	       "node::Environment*)",
	       "std::unique_ptr<" DOTS ">::reset(" DOTS ")");
}

static void test_strings(void **state)
{
	(void)state;
	expect("std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >::"
	       "_M_create(unsigned long&, unsigned long)",
	       "std::string::_M_create(" DOTS ")");
	expect("std::__1::basic_string<wchar_t, std::__1::char_traits<wchar_t> >::append("
	       "wchar_t const*)",
	       "std::wstring::append(" DOTS ")");
	expect("std::basic_ostream<char, std::char_traits<char> >& std::operator<< "
	       "<std::char_traits<char> >(std::basic_ostream<char, std::char_traits<char> >&, "
	       "char const*)",
	       "std::operator<< <" DOTS ">(" DOTS ")");
	expect("std::basic_string_view<char, std::char_traits<char> >::substr(unsigned long) const",
	       "std::string_view::substr(" DOTS ")");
	expect("std::__cxx11::basic_string<my_char, my_traits>::clear()",
	       "std::basic_string<" DOTS ">::clear()");
	expect("std::__cxx11::to_string[abi:cxx11](int)", "std::to_string(" DOTS ")");
	expect("std::chrono::_V2::system_clock::now()", "std::chrono::system_clock::now()");
}

static void test_operators(void **state)
{
	(void)state;
	expect("operator new(unsigned long)", "operator new(" DOTS ")");
	expect("operator new[](unsigned long, std::align_val_t)", "operator new[](" DOTS ")");
	expect("operator delete(void*)", "operator delete(" DOTS ")");
	expect("Cache::operator()(int) const", "Cache::operator()(" DOTS ")");
	expect("Cache::operator[](int)", "Cache::operator[](" DOTS ")");
	expect("operator<(Key const&, Key const&)", "operator<(" DOTS ")");
	expect("operator<=>(Key const&, Key const&)", "operator<=>(" DOTS ")");
	expect("Ref<int>::operator->() const", "Ref<" DOTS ">::operator->()");
	expect("Ref<int>::operator->*(int) const", "Ref<" DOTS ">::operator->*(" DOTS ")");
	expect("bool operator< <int>(A<int>, A<int>)", "operator< <" DOTS ">(" DOTS ")");
	expect("Ref::operator unsigned long() const", "Ref::operator unsigned long()");
	expect("Ref::operator std::vector<int, std::allocator<int> >()",
	       "Ref::operator std::vector<" DOTS ">()");
	expect("Ref::operator!() const", "Ref::operator!()");
	expect("my_operator(int)", "my_operator(" DOTS ")");
	expect("operator\"\" _ms(unsigned long long)", "operator\"\" _ms(" DOTS ")");
}

static void test_local(void **state)
{
	(void)state;
	expect("main::{lambda(int)#1}::operator()(int) const",
	       "main::{lambda#1}::operator()(" DOTS ")");
	expect("serve(int)::{lambda(std::vector<int>)#2}::operator()(std::vector<int>) const",
	       "serve(" DOTS ")::{lambda#2}::operator()(" DOTS ")");
	expect("Pool::run() const::{lambda()#1}::_FUN()", "Pool::run()::{lambda#1}::_FUN()");
	expect("std::_Function_handler<void (int), main::{lambda(int)#1}>::_M_invoke("
	       "std::_Any_data const&, int&&)",
	       "std::_Function_handler<" DOTS ">::_M_invoke(" DOTS ")");
	expect("auto run<int>(int)::{lambda(auto:1)#1}::operator()<int>(int) const",
	       "run<" DOTS ">(" DOTS ")::{lambda#1}::operator()<" DOTS ">(" DOTS ")");
	expect("(anonymous namespace)::grow(int)", "(anonymous namespace)::grow(" DOTS ")");
	expect("void (anonymous namespace)::grow<int>(int)",
	       "(anonymous namespace)::grow<" DOTS ">(" DOTS ")");
	expect("llvm::(anonymous namespace)::Pass::run(llvm::Function&)",
	       "llvm::(anonymous namespace)::Pass::run(" DOTS ")");
}

static void test_rust(void **state)
{
	(void)state;
	expect_same("core::fmt::Write::write_fmt");
	expect("demo::keep::h0123456789abcdef", "demo::keep");
	expect_same("demo::keep::h0123456789abcde");
	expect_same("demo::main::{{closure}}");
	expect_same("demo::main::{closure#0}");
	expect("<alloc::vec::Vec<T> as core::iter::traits::collect::Extend<T>>::extend",
	       "<Vec<" DOTS "> as Extend<" DOTS ">>::extend");
	expect("<demo::main::{closure#0} as core::ops::function::FnOnce<()>>::call_once",
	       "<{closure#0} as FnOnce<" DOTS ">>::call_once");
	expect("<alloc::vec::Vec<u8>>::push", "alloc::vec::Vec<" DOTS ">::push");
	expect_same("<[T]>::into_vec");
	expect("alloc::slice::<impl [T]>::to_vec", "alloc::slice::<impl [T]>::to_vec");
	expect("core::ptr::drop_in_place::<alloc::string::String>",
	       "core::ptr::drop_in_place::<" DOTS ">");
	expect("core::ptr::drop_in_place<[core::option::Option<fn(A) -> B>]>",
	       "core::ptr::drop_in_place<" DOTS ">");
}

static void test_others(void **state)
{
	(void)state;
	/* Go */
	expect_same("main.(*Server).handle");
	expect_same("net/http.(*conn).serve.func1");
	expect("main.Map[go.shape.int_0,go.shape.string_1]", "main.Map[" DOTS "]");
	/* D */
	expect("core.memory.GC.malloc(ulong, uint, const(TypeInfo))",
	       "core.memory.GC.malloc(" DOTS ")");
	expect("std.array.Appender!(char[]).Appender.put!(char).put(char)",
	       "std.array.Appender!(" DOTS ").Appender.put!(" DOTS ").put(" DOTS ")");
	/* Names that runtimes give to their code */
	expect_same("JS:*<anonymous> /srv/app.js:10:5");
	expect_same("py::<module>:/srv/app.py");
	expect_same("~render view.js:7");
	expect_same("-[Cache put:for:]");
	expect_same("global constructors keyed to cache.cc");
}

static void test_not_understood(void **state)
{
	char deep[20001];

	(void)state;
	expect_same("<script>alert(\"1\")</script>;]]>--> & 'quote'");
	expect_same("void (*choose<int>(int))(int)");
	expect_same("foo<int");
	expect_same("foo(int");
	expect_same("(int)");
	expect_same("{lambda(");
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	expect_same(deep);
	memset(deep, '<', sizeof(deep) - 1);
	expect_same(deep);
}

static void expect_fitting(const char *name, size_t columns, const char *expected)
{
	SEEP_AUTO_BUFFER struct seep_buffer folded = SEEP_BUFFER_INIT, buffer = SEEP_BUFFER_INIT;

	seep_shorten_append(&folded, name);
	seep_shorten_append_fitting(&buffer, folded.data, columns);
	assert_string_equal(buffer.data, expected);
	assert_true(seep_text_columns(buffer.data) <= columns);
}

static void test_fitting(void **state)
{
	const char *name = "server::session::Table<int>::insert_or_assign(int, char const*)";

	(void)state;
	expect_fitting(name, 80, "server::session::Table<" DOTS ">::insert_or_assign(" DOTS ")");
	expect_fitting(name, 40, DOTS "::Table<" DOTS ">::insert_or_assign(" DOTS ")");
	expect_fitting(name, 25, DOTS "::insert_or_assign(" DOTS ")");
	expect_fitting(name, 20, "insert_or_assign");
	expect_fitting(name, 9, "inse" DOTS "sign");
	expect_fitting("handle_request", 9, "hand" DOTS "uest");
	expect_fitting("a::b::operator<(A, B)", 15, DOTS "::operator<(" DOTS ")");
	expect_fitting("malloc", 0, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_c),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_rust),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_not_understood),
		cmocka_unit_test(test_fitting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
