; Scopes, imports and names. Where several patterns match a name, the first one counts: what is special stands before
; what is general, and the last patterns take every other identifier.

; ---- scopes

(function_definition) @scope.function
(lambda) @scope.closure
(class_definition) @scope.class
[
  (list_comprehension)
  (set_comprehension)
  (dictionary_comprehension)
  (generator_expression)
  (type_alias_statement)
] @scope.block

; what stands in a function's head is looked up around the function
(default_parameter value: (_) @scope.outer)
(typed_default_parameter type: (_) @scope.outer value: (_))
(typed_default_parameter value: (_) @scope.outer)
(typed_parameter type: (_) @scope.outer)
(function_definition return_type: (_) @scope.outer)
(class_definition superclasses: (_) @scope.outer)

; and what a comprehension begins with, around it
[
  (list_comprehension . (_) . (for_in_clause right: (_) @scope.outer))
  (set_comprehension . (_) . (for_in_clause right: (_) @scope.outer))
  (dictionary_comprehension . (_) . (for_in_clause right: (_) @scope.outer))
  (generator_expression . (_) . (for_in_clause right: (_) @scope.outer))
]

; ---- imports

(import_statement name: (dotted_name) @specifier) @import.import
(import_statement name: (aliased_import name: (dotted_name) @specifier)) @import.import
(import_from_statement module_name: (_) @specifier) @import.import
(future_import_statement (dotted_name (identifier) @ignore))

(import_statement name: (dotted_name (identifier) @imported.part) @specifier)
(import_statement
  name: (aliased_import name: (dotted_name (identifier) @imported.part) @specifier alias: (identifier) @alias))

(import_from_statement
  module_name: (_) @specifier
  name: (dotted_name (identifier) @imported))
(import_from_statement
  module_name: (_) @specifier
  name: (aliased_import name: (dotted_name (identifier) @imported) alias: (identifier) @alias))
(import_from_statement
  module_name: (_) @specifier
  (wildcard_import) @imported.star)
(import_from_statement module_name: (dotted_name (identifier) @ignore))
(import_from_statement module_name: (relative_import (dotted_name (identifier) @ignore)))

(
  (call
    function: [
      (identifier) @_function
      (attribute attribute: (identifier) @_function)
    ]
    arguments: (argument_list . (string . (string_start) . (string_content) @specifier . (string_end) .)))
  @import.dynamic_import
  (#any-of? @_function "import_module" "__import__"))

(if_statement
  condition: [
    (identifier) @_condition
    (attribute attribute: (identifier) @_condition)
  ]
  consequence: (_) @type_checking
  (#eq? @_condition "TYPE_CHECKING"))

; ---- definitions

(class_definition
  name: (identifier) @bind
) @around

(function_definition
  name: (identifier) @bind
) @around

(type_alias_statement left: (type (identifier) @bind) right: (type (_) @value)) @around
(type_alias_statement left: (type (generic_type . (identifier) @bind)) right: (type (_) @value)) @around

[
  (function_definition type_parameters: (type_parameter (type [
    (identifier) @bind.parameter
    (constrained_type . (type (identifier) @bind.parameter) . (type) @value)
  ])))
  (class_definition type_parameters: (type_parameter (type [
    (identifier) @bind.parameter
    (constrained_type . (type (identifier) @bind.parameter) . (type) @value)
  ])))
  (type_alias_statement left: (type (generic_type (type_parameter (type [
    (identifier) @bind.parameter
    (constrained_type . (type (identifier) @bind.parameter) . (type) @value)
  ])))))
]

; ---- parameters

(
  (decorated_definition
    (decorator (identifier) @_decorator)
    definition: (function_definition parameters: (parameters . (identifier) @bind)))
  (#eq? @_decorator "staticmethod"))
(
  (decorated_definition
    (decorator (identifier) @_decorator)
    definition: (function_definition parameters: (parameters . (identifier) @bind.class)))
  (#eq? @_decorator "classmethod"))
(
  (function_definition
    name: (identifier) @_name
    parameters: (parameters . (identifier) @bind.class))
  (#any-of? @_name "__new__" "__init_subclass__" "__class_getitem__"))
(class_definition body: (block [
  (function_definition parameters: (parameters . (identifier) @bind.self))
  (decorated_definition definition: (function_definition parameters: (parameters . (identifier) @bind.self)))
]))
; a method in an `if` of the class body, too
(class_definition body: (block [
  (if_statement (block (function_definition parameters: (parameters . (identifier) @bind.self))))
  (if_statement (else_clause (block (function_definition parameters: (parameters . (identifier) @bind.self)))))
  (try_statement (block (function_definition parameters: (parameters . (identifier) @bind.self))))
]))

(parameters (identifier) @bind)
(lambda_parameters (identifier) @bind)
(default_parameter name: (identifier) @bind)
(typed_parameter . (identifier) @bind type: (type) @type)
(typed_default_parameter name: (identifier) @bind type: (type) @type)
(list_splat_pattern (identifier) @bind)
(dictionary_splat_pattern (identifier) @bind)

; ---- names that are bound by statements

(global_statement (identifier) @global)
(nonlocal_statement (identifier) @outward)

(assignment left: (identifier) @bind type: (type)? @type right: (_)? @value)
(pattern_list (identifier) @bind)
(tuple_pattern (identifier) @bind)
(list_pattern (identifier) @bind)
(named_expression name: (identifier) @bind @hoisted value: (_) @value)
(for_statement left: (identifier) @bind)
(for_in_clause left: (identifier) @bind)
(as_pattern_target (identifier) @bind)
(as_pattern_target (tuple (identifier) @bind))
(as_pattern_target (list (identifier) @bind))

(case_pattern (dotted_name . (identifier) @bind .))
(keyword_pattern (identifier) @ignore)
(keyword_pattern (identifier) (dotted_name . (identifier) @bind .))
(dict_pattern value: (case_pattern (dotted_name . (identifier) @bind .)))
(splat_pattern (identifier) @bind)
(case_pattern (as_pattern (identifier) @bind))

(keyword_argument name: (identifier) @ignore)

; ---- attributes that are set

(augmented_assignment left: (attribute object: (_) @object attribute: (identifier) @reference.write))
(augmented_assignment left: (identifier) @reference.write)
(delete_statement (attribute object: (_) @object attribute: (identifier) @reference.write))
(delete_statement (expression_list (attribute object: (_) @object attribute: (identifier) @reference.write)))
(delete_statement (identifier) @reference.write)
(delete_statement (expression_list (identifier) @reference.write))
(assignment
  left: (attribute object: (_) @object attribute: (identifier) @reference.write)
  type: (type)? @type
  right: (_)? @value)
(pattern_list (attribute object: (_) @object attribute: (identifier) @reference.write))
(tuple_pattern (attribute object: (_) @object attribute: (identifier) @reference.write))
(list_pattern (attribute object: (_) @object attribute: (identifier) @reference.write))
(for_statement left: (attribute object: (_) @object attribute: (identifier) @reference.write))
(as_pattern_target (attribute object: (_) @object attribute: (identifier) @reference.write))

; ---- references

(return_statement (_) @returned)
(yield) @yielded
[
  (if_statement)
  (elif_clause)
  (while_statement)
  (assert_statement)
  (conditional_expression)
  (boolean_operator)
] @condition

(decorator [
  (identifier) @reference.decorator
  (call function: (identifier) @reference.decorator)
])
(decorator [
  (attribute object: (_) @object attribute: (identifier) @reference.decorator)
  (call function: (attribute object: (_) @object attribute: (identifier) @reference.decorator))
])

(class_definition superclasses: (argument_list [
  (identifier) @reference.extends
  (subscript value: (identifier) @reference.extends) @whole
]))
(class_definition superclasses: (argument_list [
  (attribute object: (_) @object attribute: (identifier) @reference.extends)
  (subscript value: (attribute object: (_) @object attribute: (identifier) @reference.extends)) @whole
]))

(call function: (identifier) @reference.call)
(call function: (attribute object: (_) @object attribute: (identifier) @reference.call))

; names in annotations; those in quotes too, but what Literal and Annotated hold is no name
(type) @in_type
((generic_type . (identifier) @_form (type_parameter (type (string (string_content) @ignore))))
  (#any-of? @_form "Literal" "Annotated" "LiteralString"))
(type (string (string_content) @reference.type @quoted))
(type (binary_operator (string (string_content) @reference.type @quoted)))

(dotted_name . (identifier) @object . (identifier) @reference.property .)
(dotted_name (identifier) (identifier) (identifier) @ignore)
(attribute object: (_) @object attribute: (identifier) @reference.property)
(identifier) @reference.read
