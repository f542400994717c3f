; What only TypeScript has.

; ---- scopes

[
  (abstract_class_declaration)
  (interface_declaration)
] @scope.class
[
  (abstract_method_signature)
  (call_signature)
  (construct_signature)
  (constructor_type)
  (function_signature)
  (function_type)
  (method_signature)
] @scope.function
[
  (conditional_type)
  (enum_declaration)
  (index_signature)
  (type_alias_declaration)
] @scope.block

; ---- imports

(import_statement "type" @type_only source: (string) @specifier) @import.import
(import_statement
  (import_clause (named_imports
    (import_specifier "type" @type_only name: (_) @imported alias: (identifier)? @alias)))
  source: (string) @specifier)
(import_statement
  (import_require_clause (identifier) @imported.module source: (string) @specifier))
(import_statement (import_require_clause source: (string) @specifier)) @import.require
(export_statement "type" @type_only source: (string) @specifier) @import.reexport
(export_statement
  (export_clause (export_specifier "type" @type_only name: (_) @reexport.name alias: (_)? @alias))
  source: (string) @specifier)

; import("x").T, typeof import("x")
(type_query (call_expression function: (import) arguments: (arguments . (string) @specifier))) @import.type_import
[
  (conditional_type (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
  (constraint (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
  (default_type (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
  (intersection_type (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
  (optional_type (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
  (parenthesized_type (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
  (readonly_type (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
  (tuple_type (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
  (type_alias_declaration (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
  (type_annotation (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
  (type_arguments (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
  (type_query (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
  (union_type (member_expression object: (call_expression
    function: (import) arguments: (arguments . (string) @specifier))))
] @import.type_import

(import_alias . (identifier) @bind . (_) @value)

(export_statement "=" (identifier) @export.whole)
(export_statement "as" "namespace" (identifier) @ignore)
(export_statement "default" declaration: (_)) @exported.default

; ---- definitions

(class_declaration name: (type_identifier) @bind) @around
(abstract_class_declaration name: (type_identifier) @bind) @around
(class name: (type_identifier) @bind)
(interface_declaration name: (type_identifier) @bind.type) @around
(type_alias_declaration name: (type_identifier) @bind.type value: (_) @value) @around
(enum_declaration name: (identifier) @bind) @around
(enum_body name: (property_identifier) @bind.value)
(enum_assignment name: (property_identifier) @bind.value)
(function_signature name: (identifier) @bind.value) @around
(internal_module name: (identifier) @bind)
(module name: (identifier) @bind)
(internal_module name: (nested_identifier object: (identifier) @bind))
(module name: (nested_identifier object: (identifier) @bind))
([
  (internal_module name: (nested_identifier property: (property_identifier) @ignore))
  (module name: (nested_identifier property: (property_identifier) @ignore))
  (internal_module name: (nested_identifier object: (member_expression property: (property_identifier) @ignore)))
  (module name: (nested_identifier object: (member_expression property: (property_identifier) @ignore)))
])

(type_parameter name: (type_identifier) @bind.parameter constraint: (constraint (_) @value)?)
(mapped_type_clause name: (type_identifier) @bind.type)
(infer_type . (type_identifier) @bind.type)
(index_signature name: (identifier) @ignore)
(tuple_type (required_parameter name: (identifier) @ignore))
(tuple_type (optional_parameter name: (identifier) @ignore))

; ---- variables

(variable_declaration
  (variable_declarator name: (identifier) @bind.value @hoisted type: (type_annotation (_) @type)))
(variable_declarator name: (identifier) @bind.value type: (type_annotation (_) @type))

; ---- parameters

(required_parameter pattern: (identifier) @bind.value type: (type_annotation (_) @type)? value: (_)? @value)
(optional_parameter pattern: (identifier) @bind.value type: (type_annotation (_) @type)? value: (_)? @value)
; ---- members, for what they say about types

(public_field_definition
  name: [(property_identifier) (private_property_identifier)] @declares
  type: (type_annotation (_) @type)?
  value: (_)? @value)
(property_signature name: (property_identifier) @declares type: (type_annotation (_) @type))
(method_signature name: (property_identifier) @declares)
(abstract_method_signature name: (property_identifier) @declares)
(interface_body [(call_signature) (construct_signature)] @signature)
(type_alias_declaration value: (object_type [(call_signature) (construct_signature)] @signature))
(type_alias_declaration value: (intersection_type (object_type [(call_signature) (construct_signature)] @signature)))

; ---- heritage

(class_heritage (extends_clause value: (identifier) @reference.extends) @whole)
(class_heritage (extends_clause
  value: (member_expression object: (_) @object property: (_) @reference.extends)) @whole)
(extends_type_clause type: [
  (type_identifier) @reference.extends
  (generic_type name: (type_identifier) @reference.extends) @whole
])
(extends_type_clause type: [
  (nested_type_identifier module: (_) @object name: (_) @reference.extends)
  (generic_type name: (nested_type_identifier module: (_) @object name: (_) @reference.extends)) @whole
])
(implements_clause [
  (type_identifier) @reference.implements
  (generic_type name: (type_identifier) @reference.implements)
])
(implements_clause [
  (nested_type_identifier module: (_) @object name: (_) @reference.implements)
  (generic_type name: (nested_type_identifier module: (_) @object name: (_) @reference.implements))
])

; ---- types

(nested_type_identifier module: (_) @object name: (type_identifier) @reference.type)
(nested_identifier object: (_) @object property: (_) @reference.property)
; import("x").T
[
  (conditional_type (member_expression object: (_) @object property: (_) @reference.type))
  (constraint (member_expression object: (_) @object property: (_) @reference.type))
  (default_type (member_expression object: (_) @object property: (_) @reference.type))
  (intersection_type (member_expression object: (_) @object property: (_) @reference.type))
  (optional_type (member_expression object: (_) @object property: (_) @reference.type))
  (parenthesized_type (member_expression object: (_) @object property: (_) @reference.type))
  (readonly_type (member_expression object: (_) @object property: (_) @reference.type))
  (tuple_type (member_expression object: (_) @object property: (_) @reference.type))
  (type_alias_declaration (member_expression object: (_) @object property: (_) @reference.type))
  (type_annotation (member_expression object: (_) @object property: (_) @reference.type))
  (type_arguments (member_expression object: (_) @object property: (_) @reference.type))
  (union_type (member_expression object: (_) @object property: (_) @reference.type))
]

(call_expression function: (non_null_expression (identifier) @reference.call))
(call_expression
  function: (non_null_expression (member_expression object: (_) @object property: (_) @reference.call)))

(type_identifier) @reference.type
