"""How the HTTP API, its domain and its certificate are made in moto."""

from tests.infra.moto_cloud import ACCOUNT, Cloud, Inputs, Made, makes, pascal, tag_list


@makes("aws:apigatewayv2/api:Api")
def _api(cloud: Cloud, inputs: Inputs) -> Made:
    made = cloud.client("apigatewayv2").create_api(
        Name=inputs["name"],
        ProtocolType=inputs["protocolType"],
        DisableExecuteApiEndpoint=inputs["disableExecuteApiEndpoint"],
        CorsConfiguration=pascal(inputs["corsConfiguration"]),
        Tags=inputs["tags"],
    )
    api_id = made["ApiId"]
    arn = f"arn:aws:execute-api:{cloud.region}:{ACCOUNT}:{api_id}"
    return api_id, {"executionArn": arn, "apiEndpoint": made["ApiEndpoint"]}


@makes("aws:apigatewayv2/authorizer:Authorizer")
def _authorizer(cloud: Cloud, inputs: Inputs) -> Made:
    jwt = inputs["jwtConfiguration"]
    made = cloud.client("apigatewayv2").create_authorizer(
        ApiId=inputs["apiId"],
        Name=inputs["name"],
        AuthorizerType=inputs["authorizerType"],
        IdentitySource=inputs["identitySources"],
        JwtConfiguration={"Issuer": jwt["issuer"], "Audience": jwt["audiences"]},
    )
    return made["AuthorizerId"], {}


@makes("aws:apigatewayv2/integration:Integration")
def _integration(cloud: Cloud, inputs: Inputs) -> Made:
    made = cloud.client("apigatewayv2").create_integration(
        ApiId=inputs["apiId"],
        IntegrationType=inputs["integrationType"],
        IntegrationMethod=inputs["integrationMethod"],
        IntegrationUri=inputs["integrationUri"],
        PayloadFormatVersion=inputs["payloadFormatVersion"],
        TimeoutInMillis=inputs["timeoutMilliseconds"],
    )
    return made["IntegrationId"], {}


@makes("aws:apigatewayv2/route:Route")
def _route(cloud: Cloud, inputs: Inputs) -> Made:
    made = cloud.client("apigatewayv2").create_route(**pascal(inputs))
    return made["RouteId"], {}


@makes("aws:apigatewayv2/stage:Stage")
def _stage(cloud: Cloud, inputs: Inputs) -> Made:
    cloud.client("apigatewayv2").create_stage(
        ApiId=inputs["apiId"],
        StageName=inputs["name"],
        AutoDeploy=inputs["autoDeploy"],
        DefaultRouteSettings=pascal(inputs["defaultRouteSettings"]),
        RouteSettings={
            route["routeKey"]: {
                key: value for key, value in pascal(route).items() if key != "RouteKey"
            }
            for route in inputs["routeSettings"]
        },
        AccessLogSettings=pascal(inputs["accessLogSettings"]),
        Tags=inputs["tags"],
    )
    return inputs["name"], {}


@makes("aws:apigatewayv2/domainName:DomainName")
def _domain_name(cloud: Cloud, inputs: Inputs) -> Made:
    """Moto names no target; AWS's looks like this one."""
    given = inputs["domainNameConfiguration"]
    made = cloud.client("apigatewayv2").create_domain_name(
        DomainName=inputs["domainName"],
        DomainNameConfigurations=[pascal(given)],
        Tags=inputs["tags"],
    )
    target = f"d-123456abcd.execute-api.{cloud.region}.amazonaws.com"
    return made["DomainName"], {
        "domainNameConfiguration": given | {"targetDomainName": target, "hostedZoneId": "Z"}
    }


@makes("aws:apigatewayv2/apiMapping:ApiMapping")
def _mapping(cloud: Cloud, inputs: Inputs) -> Made:
    made = cloud.client("apigatewayv2").create_api_mapping(
        ApiId=inputs["apiId"], DomainName=inputs["domainName"], Stage=inputs["stage"]
    )
    return made["ApiMappingId"], {}


@makes("aws:lambda/permission:Permission")
def _permission(cloud: Cloud, inputs: Inputs) -> Made:
    cloud.client("lambda").add_permission(
        FunctionName=inputs["function"],
        Qualifier=inputs["qualifier"],
        StatementId="api",
        Action=inputs["action"],
        Principal=inputs["principal"],
        SourceArn=inputs["sourceArn"],
    )
    return "api", {"statementId": "api"}


@makes("aws:acm/certificate:Certificate")
def _certificate(cloud: Cloud, inputs: Inputs) -> Made:
    acm = cloud.client("acm")
    arn = acm.request_certificate(
        DomainName=inputs["domainName"],
        ValidationMethod=inputs["validationMethod"],
        Tags=tag_list(inputs),
    )["CertificateArn"]
    options = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    proofs = [
        {
            "domainName": option["DomainName"],
            "resourceRecordName": option["ResourceRecord"]["Name"],
            "resourceRecordType": option["ResourceRecord"]["Type"],
            "resourceRecordValue": option["ResourceRecord"]["Value"],
        }
        for option in options["DomainValidationOptions"]
    ]
    return arn, {"arn": arn, "domainValidationOptions": proofs}


@makes("aws:acm/certificateValidation:CertificateValidation")
def _validation(cloud: Cloud, inputs: Inputs) -> Made:
    """Nothing to make: the provider waits until the certificate is issued."""
    return inputs["certificateArn"], {}
