; Scopes, imports and names that TypeScript and JavaScript have in common. Where several patterns match a name, the first
; one counts: the dialect's file is read before this one, so that what is general comes last.

; ---- scopes

[
  (function_declaration)
  (function_expression)
  (generator_function)
  (generator_function_declaration)
  (method_definition)
] @scope.function
(arrow_function) @scope.closure
[
  (class)
  (class_declaration)
] @scope.class
(object (method_definition)) @scope.block
[
  (catch_clause)
  (class_static_block)
  (for_in_statement)
  (for_statement)
  (statement_block)
  (switch_body)
] @scope.block

; ---- imports

(import_statement source: (string) @specifier) @import.import
(import_statement
  (import_clause (named_imports (import_specifier name: (_) @imported alias: (identifier)? @alias)))
  source: (string) @specifier)
(import_statement (import_clause (identifier) @imported.default) source: (string) @specifier)
(import_statement (import_clause (namespace_import (identifier) @imported.module)) source: (string) @specifier)

(call_expression function: (import) arguments: (arguments . (string) @specifier)) @import.dynamic_import
((call_expression function: (import) arguments: (arguments . (template_string) @specifier)) @import.dynamic_import
  (#not-match? @specifier "\\$\\{"))
((call_expression function: (identifier) @_require arguments: (arguments . (string) @specifier .)) @import.require
  (#eq? @_require "require"))
((call_expression
    function: (member_expression object: (identifier) @_require property: (property_identifier) @_resolve)
    arguments: (arguments . (string) @specifier .)) @import.require
  (#eq? @_require "require")
  (#eq? @_resolve "resolve"))

; const a = require("b"), { c, d: e } = require("f")
((variable_declarator
    name: (identifier) @imported.module
    value: (call_expression function: (identifier) @_require arguments: (arguments . (string) @specifier .)))
  (#eq? @_require "require"))
((variable_declarator
    name: (object_pattern [
      (shorthand_property_identifier_pattern) @imported
      (pair_pattern key: (property_identifier) @imported value: (identifier) @alias)
    ])
    value: (call_expression function: (identifier) @_require arguments: (arguments . (string) @specifier .)))
  (#eq? @_require "require"))

; ---- exports

(export_statement source: (string) @specifier) @import.reexport
(export_statement
  (export_clause (export_specifier name: (_) @reexport.name alias: (_)? @alias))
  source: (string) @specifier)
(export_statement (namespace_export (_) @reexport.module) source: (string) @specifier)
(export_statement "*" @reexport.star source: (string) @specifier)
(export_statement
  (export_clause (export_specifier name: (_) @export.name alias: (_)? @alias))
  !source)
(export_statement "default" value: (identifier) @export.default)
(export_statement declaration: (_)) @exported
((expression_statement (assignment_expression left: (member_expression
    object: [
      (identifier) @_exports
      (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
    ]))) @exported
  (#eq? @_exports "exports"))
((expression_statement (assignment_expression
    left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports))) @exported
  (#eq? @_module "module")
  (#eq? @_exports "exports"))
(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: (call_expression
    function: (identifier) @_require
    arguments: (arguments . (string) @specifier .)) @reexport.star
  (#eq? @_module "module")
  (#eq? @_exports "exports")
  (#eq? @_require "require"))

(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: (identifier) @export.whole
  (#eq? @_module "module")
  (#eq? @_exports "exports"))
(assignment_expression
  left: (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
  right: (object [
    (shorthand_property_identifier) @export.name
    (pair key: (property_identifier) @alias value: (identifier) @export.name)
  ])
  (#eq? @_module "module")
  (#eq? @_exports "exports"))
(assignment_expression
  left: (member_expression
    object: [
      (identifier) @_exports
      (member_expression object: (identifier) @_module property: (property_identifier) @_exports)
    ]
    property: (property_identifier) @alias)
  right: (identifier) @export.name
  (#eq? @_exports "exports"))

; ---- definitions

(function_declaration name: (identifier) @bind.value) @around
(generator_function_declaration name: (identifier) @bind.value) @around
(function_expression name: (identifier) @bind.value)
(generator_function name: (identifier) @bind.value)

; ---- variables

(variable_declaration (variable_declarator name: (identifier) @bind.value @hoisted value: (_)? @value))
(variable_declarator name: (identifier) @bind.value value: (_)? @value)

; ---- patterns that assign to what is there

(assignment_expression left: (object_pattern [
  (shorthand_property_identifier_pattern) @reference.write
  (object_assignment_pattern left: (shorthand_property_identifier_pattern) @reference.write)
  (pair_pattern value: (identifier) @reference.write)
]))
(assignment_expression left: (array_pattern (identifier) @reference.write))

; ---- parameters, and whatever else a pattern binds

(arrow_function parameter: (identifier) @bind.value)
(catch_clause parameter: (identifier) @bind.value)
(for_in_statement kind: "var" left: (identifier) @bind.value @hoisted)
(for_in_statement kind: _ left: (identifier) @bind.value)
(for_in_statement left: (identifier) @reference.write)
(shorthand_property_identifier_pattern) @bind.value @destructured
(pair_pattern value: (identifier) @bind.value) @destructured
(pair_pattern value: (assignment_pattern left: (identifier) @bind.value)) @destructured
(array_pattern (identifier) @bind.value)
(array_pattern (assignment_pattern left: (identifier) @bind.value))
(array_pattern (member_expression object: (_) @object property: (property_identifier) @reference.write))
(pair_pattern value: (member_expression object: (_) @object property: (property_identifier) @reference.write))
(for_in_statement left: (member_expression object: (_) @object property: (property_identifier) @reference.write))
(rest_pattern (identifier) @bind.value)

; ---- assignments

(assignment_expression left: (identifier) @reference.write)
(assignment_expression
  left: (member_expression
    object: (_) @object
    property: [(property_identifier) (private_property_identifier)] @reference.write)
  right: (_) @value)
(augmented_assignment_expression left: (identifier) @reference.write)
(augmented_assignment_expression
  left: (member_expression
    object: (_) @object
    property: [(property_identifier) (private_property_identifier)] @reference.write))
(update_expression argument: (identifier) @reference.write)
(update_expression
  argument: (member_expression
    object: (_) @object
    property: [(property_identifier) (private_property_identifier)] @reference.write))
(unary_expression
  operator: "delete"
  argument: (member_expression
    object: (_) @object
    property: [(property_identifier) (private_property_identifier)] @reference.write))

; ---- what functions return, and methods for what they say about types

(return_statement (_) @returned)
(yield_expression) @yielded
[
  (if_statement)
  (while_statement)
  (ternary_expression)
  (switch_statement)
  (binary_expression operator: ["&&" "||"])
] @condition
(class_body (method_definition
  name: [(property_identifier) (private_property_identifier) (computed_property_name)] @declares))

; ---- decorators

(decorator [
  (identifier) @reference.decorator
  (call_expression function: (identifier) @reference.decorator)
])
(decorator [
  (member_expression object: (_) @object property: (property_identifier) @reference.decorator)
  (call_expression
    function: (member_expression object: (_) @object property: (property_identifier) @reference.decorator))
])

; ---- calls

(new_expression constructor: (identifier) @reference.instantiation)
(new_expression constructor: (member_expression object: (_) @object property: (_) @reference.instantiation))
(call_expression function: (identifier) @reference.call)
(call_expression function: (member_expression object: (_) @object property: (_) @reference.call))

; ---- every other name

(member_expression
  object: (_) @object
  property: [(property_identifier) (private_property_identifier)] @reference.property)
(shorthand_property_identifier) @reference.read
(identifier) @reference.read
